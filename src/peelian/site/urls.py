"""Every page of the site, by its address. A view without a rule answers nobody (``rules``)."""

from django.urls import include, path

from peelian.site import front
from peelian.site.accounts import views as accounts
from peelian.site.api import ogc
from peelian.site.api import views as api_pages
from peelian.site.api.operations import api
from peelian.site.maps import basemap
from peelian.site.maps import views as maps
from peelian.site.morning import views as morning
from peelian.site.public import views as public

_MAP = "tonight/<str:force>/<str:night>/<str:level>/<str:area>/"

urlpatterns = [
    path("", front.home, name="home"),
    path("health", front.health, name="health"),
    path("style-<str:seal>.css", front.style, name="style"),
    path("fonts/<str:name>.woff2", front.font, name="font"),
    path("explainer/", front.explainer, name="explainer"),
    path("sign-in/", accounts.sign_in, name="sign-in"),
    path("sign-out/", accounts.sign_out, name="sign-out"),
    path("kept/", accounts.kept_form, name="kept"),
    path("account/", accounts.account, name="account"),
    path("account/tokens/", api_pages.tokens, name="tokens"),
    path("account/tokens/<int:token>/revoke/", api_pages.revoke, name="token-revoke"),
    path("notices/", api_pages.notices, name="notices"),
    path("notices/<int:subscription>/end/", api_pages.end_notices, name="notices-end"),
    path("api/", api_pages.interface, name="api-page"),
    path("api/v1/", api.urls),
    path("ogc/", include((ogc.addresses, "ogc"))),
    path("password/", accounts.password, name="password"),
    path("tonight/", maps.tonight, name="tonight"),
    path(f"{_MAP}briefing.pdf", maps.briefing, name="tonight-briefing"),
    path(f"{_MAP}<str:kind>/", maps.map_page, name="tonight-map"),
    path(f"{_MAP}<str:kind>/places.json", maps.places, name="tonight-places"),
    path(f"{_MAP}<str:kind>/box/<int:number>/", maps.box_page, name="tonight-box"),
    path("morning/", morning.morning, name="morning"),
    path("morning/models/", morning.models, name="models"),
    path("morning/models/<str:name>/report.html", morning.report, name="backtest-report"),
    path(f"morning/{_MAP.removeprefix('tonight/')}<str:kind>/", morning.morning_page, name="morning-map"),
    path("basemap.pmtiles", basemap.basemap, name="basemap"),
    path("public/", public.places, name="public"),
    path("public/<str:force>/", public.wards, name="public-force"),
    path("public/<str:force>/<str:ward>/", public.ward, name="public-ward"),
    path("patrol/", include("peelian.site.patrols.urls")),
    path("desk/", include("peelian.site.desk.urls")),
]

handler400 = "peelian.site.middleware.bad_request"
handler404 = "peelian.site.middleware.not_found"
handler500 = "peelian.site.middleware.fault"
