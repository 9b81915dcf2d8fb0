"""What people hold: the night page, the briefing PDF, GeoJSON, CSV and GeoPackage.

Draws values of forecasts and computes nothing but layout; longitude and latitude are made again here.
"""
