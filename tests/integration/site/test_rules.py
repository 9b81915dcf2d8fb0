"""Every address of the site, with every role: each has a rule, and the rule holds."""

import re
from typing import Any

import pytest
from tests.site_home import ROLES, client_of

#: What stands for each parameter of an address.
SAMPLES = {"seal": "0123456789ab", "name": "none", "number": "1", "who": "MQ", "token": "none"}


def _sample(address: str) -> str:
    return re.sub(r"<(?:\w+:)?(\w+)>", lambda found: SAMPLES[found[1]], address)


def _addresses() -> list[tuple[str, Any]]:
    from peelian.site.rules import routes
    from peelian.site.urls import urlpatterns

    return [(address, p) for address, p in routes(urlpatterns) if not address.startswith("api/")]


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
    for address, pattern in _addresses():
        rule = rule_of(pattern.callback)
        assert rule is not None
        answer = client.get("/" + _sample(address))
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
