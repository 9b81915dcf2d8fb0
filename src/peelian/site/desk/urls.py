"""Addresses of the desk."""

from django.urls import path

from peelian.site.desk import agreements, boxes, views

_MAP = "boxes/<str:force>/<str:night>/<str:level>/<str:area>/<str:kind>/"

urlpatterns = [
    path("", views.front, name="desk"),
    path("boxes/", boxes.boxes, name="desk-boxes"),
    path(_MAP, boxes.one_map, name="desk-map"),
    path(f"{_MAP}add/", boxes.add, name="desk-add"),
    path(f"{_MAP}suppress/<int:rank>/", boxes.suppress, name="desk-suppress"),
    path("edits/<int:number>/withdraw/", boxes.withdraw, name="desk-withdraw"),
    path("cards/", agreements.cards, name="desk-cards"),
    path("cards/new/", agreements.new_card, name="desk-new-card"),
    path("switch/", agreements.switch, name="desk-switch"),
    path("bundles/", agreements.bundles, name="desk-bundles"),
    path("bundles/end/", agreements.end_bundle, name="desk-end-bundle"),
    path("shifts/", agreements.shifts, name="desk-shifts"),
    path("shifts/<str:force>/", agreements.force_shifts, name="desk-force-shifts"),
    path("shifts/<str:force>/end/", agreements.end_shift, name="desk-end-shift"),
    path("tactics/", agreements.tactics, name="desk-tactics"),
    path("tactics/edit/", agreements.edit_tactics, name="desk-edit-tactics"),
    path("tactics/end/", agreements.end_tactics, name="desk-end-tactics"),
    path("models/", views.models, name="desk-models"),
    path("feeds/", views.feeds, name="desk-feeds"),
    path("nights/", views.nights, name="desk-nights"),
]
