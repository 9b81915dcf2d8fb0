"""Every page of the site, by its address. A view without a rule answers nobody (``rules``)."""

from django.urls import include, path

from peelian.site import front
from peelian.site.accounts import administration, links, oidc, two_factor
from peelian.site.accounts import views as accounts
from peelian.site.api import ogc
from peelian.site.api import views as api_pages
from peelian.site.api.operations import api
from peelian.site.audit import views as audit
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
    path("sign-in/code/", two_factor.code, name="code"),
    path("sign-in/enrol/", two_factor.enrol, name="enrol"),
    path("sign-out/everywhere/", accounts.sign_out_everywhere, name="sign-out-everywhere"),
    path("account/two-factor/", two_factor.own, name="two-factor"),
    path("account/two-factor/codes/", two_factor.codes, name="recovery-codes"),
    path("account/two-factor/remove/", two_factor.remove, name="remove-two-factor"),
    path("password/forgotten/", links.forgotten, name="forgotten"),
    path("password/<str:who>/<str:token>/", links.by_link, name="password-link"),
    path("accounts/", administration.every, name="accounts"),
    path("accounts/new/", administration.new, name="new-account"),
    path("accounts/<int:number>/", administration.one, name="one-account"),
    path("accounts/<int:number>/close/", administration.close, name="close-account"),
    path("accounts/<int:number>/password/", administration.new_password, name="account-password"),
    path("accounts/<int:number>/sessions/", administration.end_sessions, name="account-sessions"),
    path("accounts/<int:number>/two-factor/", administration.reset_two_factor, name="account-two-factor"),
    path("accounts/<int:number>/let-in/", administration.let_in, name="account-let-in"),
    path("accounts/<int:number>/organisation/", administration.forget_subject, name="account-organisation"),
    path("audit/", audit.log, name="audit"),
    path("audit/verify/", audit.verify, name="audit-verify"),
    path("audit/export/", audit.export, name="audit-export"),
    path("organisation/sign-in/", oidc.begin, name="oidc-begin"),
    path("organisation/callback/", oidc.callback, name="oidc-callback"),
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
    path("records/", include("peelian.site.records.urls")),
]

handler400 = "peelian.site.middleware.bad_request"
handler404 = "peelian.site.middleware.not_found"
handler500 = "peelian.site.middleware.fault"
