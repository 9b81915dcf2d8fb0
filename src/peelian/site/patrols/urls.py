"""Addresses of the patrol, below /patrol/."""

from django.urls import path

from peelian.site.patrols import briefings, phone, sending, shifts, stays

_DATED = "<str:force>/<str:night>/<str:level>/<str:area>"
_AT = "at/<str:force>/<str:level>/<str:area>"

urlpatterns = [
    path("", phone.door, name="patrol"),
    path("visits/", sending.send, name="patrol-send"),
    path("arrive/", stays.begin, name="patrol-arrive"),
    path("leave/", stays.end, name="patrol-leave"),
    path("wrong/", stays.wrong, name="patrol-wrong"),
    path("notes/<uuid:note>/", shifts.answer, name="patrol-answer"),
    path(f"{_AT}/", phone.phone, name="patrol-phone"),
    path(f"{_AT}/today", sending.today, name="patrol-today"),
    path(f"briefing/{_DATED}/", briefings.briefing, name="patrol-briefing"),
    path(f"shift/{_DATED}/", shifts.shift, name="patrol-shift"),
]
