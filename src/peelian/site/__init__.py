"""The web site: the Django project, one small folder a system; views, forms, templates, API; no arithmetic.

``configuration`` opens it, ``rules`` says who may see what, ``urls`` lists every page. Pages are rendered by the
server and work without script.
"""
