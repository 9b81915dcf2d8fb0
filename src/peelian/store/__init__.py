"""What is kept: the Django app with every table, and the event log in Parquet. Stores do not compute."""
