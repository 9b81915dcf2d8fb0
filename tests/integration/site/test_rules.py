"""Every address of the site, with every role: each has a rule, and the rule holds."""

from typing import Any

import pytest
from tests.site_home import NIGHTS, ROLES, client_of

_MAP = "tonight/<str:force>/<str:night>/<str:level>/<str:area>/"
_NORTH = f"tonight/town/{NIGHTS[1]}/district/North/"
_AT = "at/<str:force>/<str:level>/<str:area>"
_DATED = "<str:force>/<str:night>/<str:level>/<str:area>"
#: An address for each pattern with parts, in the town's own words.
SAMPLES = {
    f"{_MAP}briefing.pdf": f"{_NORTH}briefing.pdf",
    f"{_MAP}<str:kind>/": f"{_NORTH}burglary/",
    f"{_MAP}<str:kind>/places.json": f"{_NORTH}burglary/places.json",
    f"{_MAP}<str:kind>/box/<int:number>/": f"{_NORTH}burglary/box/1/",
    f"patrol/{_AT}/": "patrol/at/town/district/North/",
    f"patrol/{_AT}/today": "patrol/at/town/district/North/today",
    f"patrol/briefing/{_DATED}/": f"patrol/briefing/town/{NIGHTS[1]}/district/North/",
    f"patrol/shift/{_DATED}/": f"patrol/shift/town/{NIGHTS[1]}/district/North/",
    "accounts/<int:number>/": "accounts/1/",
    "password/<str:who>/<str:token>/": "password/MQ/none/",
    **{
        f"records/{pattern}": f"records/{pattern.replace('<int:number>', '1').replace('<int:statement>', '1')}".replace(
            "<int:link>", "1"
        )
        for pattern in (
            *(
                "<int:number>/",
                "<int:number>/state/",
                "<int:number>/withdraw/<int:statement>/",
                "<int:number>/dispute/",
            ),
            *("<int:number>/attach/", "<int:number>/merges/", "<int:number>/merges/<int:link>/undo/"),
            *(
                "<int:number>/chart/",
                "<int:number>/chart.json",
                "attachments/<int:number>/",
                "duplicates/<int:number>/",
            ),
            *("saved/<int:number>/end/", "alerts/<int:number>/read/"),
            *("<int:number>/tie/", "<int:number>/untie/<int:link>/", "<int:number>/mark/", "<int:number>/clock/"),
        )
    },
    "records/new/<str:record_type>/": "records/new/person/",
    "patrol/notes/<uuid:note>/": "patrol/notes/00000000-0000-4000-8000-000000000000/",
}


def _addresses() -> list[tuple[str, Any]]:
    from peelian.site.rules import routes
    from peelian.site.urls import urlpatterns

    return [(address, p) for address, p in routes(urlpatterns) if not address.startswith(("api/v1/", "ogc/"))]


def test_every_view_has_a_rule(town: dict[str, Any]) -> None:
    del town
    from peelian.site.rules import rule_of

    without = [address for address, pattern in _addresses() if rule_of(pattern.callback) is None]
    assert without == []
    assert len(_addresses()) > 5


@pytest.mark.parametrize("role", ["public", *ROLES])
def test_a_role_gets_what_its_rule_says_and_nothing_else(town: dict[str, Any], role: str) -> None:
    from django.urls import reverse

    from peelian.records.access import Role
    from peelian.site.rules import rule_of

    client = client_of(town.get(role))
    for pattern_address, pattern in _addresses():
        address = SAMPLES.get(pattern_address, pattern_address)
        if "<" in address:
            continue
        rule = rule_of(pattern.callback)
        assert rule is not None
        answer = client.get("/" + address)
        if Role(role) in rule.roles:
            assert answer.status_code in (200, 302, 404, 405), address
            wants_sign_in = answer.headers.get("Location", "").startswith(f"{reverse('sign-in')}?")
            assert not wants_sign_in, address
        elif role == "public":
            assert answer.status_code == 302, address
            assert answer.headers["Location"].startswith(reverse("sign-in")), address
        else:
            assert answer.status_code == 403, address


def test_a_view_without_a_rule_answers_nobody(town: dict[str, Any]) -> None:
    from django.test import RequestFactory

    from peelian.site.middleware import RuleMiddleware

    request = RequestFactory().get("/anything/")
    request.user = town["administrator"]
    request.actor = town["administrator"].actor()
    middleware = RuleMiddleware(lambda _: pytest.fail("asked"))
    answer = middleware.process_view(request, lambda _: None, (), {})
    assert answer is not None
    assert answer.status_code == 403
