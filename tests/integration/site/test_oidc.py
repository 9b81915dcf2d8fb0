"""Sign-in by the organisation: end to end with a real provider, and with one that lies."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from tests.oidc_providers import Lying, consent, lying_provider, person, real_provider
from tests.site_home import client_of, copy_of, open_town

from peelian.settings import OidcTerms, read_settings

SECRET = "a secret for a test"  # noqa: S105 - of a provider that lives as long as the tests


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    """A real provider."""
    with real_provider() as address:
        yield address


@pytest.fixture
def lying() -> Iterator[Lying]:
    """A provider that answers what a test tells it to."""
    with lying_provider() as told:
        yield told


def opened(made: Path, folder: Path, issuer: str, **terms: Any) -> dict[str, Any]:  # noqa: ANN401 - of the settings
    return open_town(copy_of(made, folder / "home"), oidc=OidcTerms(issuer=issuer, **terms), oidc_secret=SECRET)


def begun(client: Any, onward: str = "/account/") -> str:  # noqa: ANN401 - Django's client
    answer = client.get("/organisation/sign-in/", {"next": onward})
    assert answer.status_code == 302
    return str(answer.headers["Location"])


def through(client: Any, subject: str) -> Any:  # noqa: ANN401 - Django's client and answer
    """Go to the provider, say yes, and come back."""
    return client.get(consent(begun(client), subject))


def with_liar(client: Any, told: Lying) -> Any:  # noqa: ANN401 - as above
    told.asked = dict(parse_qsl(urlsplit(begun(client)).query))
    return client.get("/organisation/callback/", {"code": "c", "state": told.asked["state"]})


def test_who_the_organisation_knows_signs_in(made_plain_home: Path, tmp_path: Path, issuer: str) -> None:
    town = opened(made_plain_home, tmp_path, issuer)
    town["analyst"].email = "Ann@Example.org"
    town["analyst"].save()
    person(issuer, "s-analyst", email="ann@example.org", email_verified=True)
    client = client_of()
    assert "Sign in with your organisation" in client.get("/sign-in/").content.decode()
    done = through(client, "s-analyst")
    assert (done.status_code, done.headers["Location"]) == (302, "/account/")
    assert "analyst" in client.get("/account/").content.decode()

    from peelian.store import audit

    town["analyst"].refresh_from_db()
    assert town["analyst"].subject == f"{issuer} s-analyst"
    told = [line.what for line in audit.search(audit.Search(), most=3)]
    assert any("by your organisation" in words for words in told)
    assert any("bound analyst" in words for words in told)


def test_the_way_there_carries_state_nonce_and_a_challenge(made_plain_home: Path, tmp_path: Path, issuer: str) -> None:
    opened(made_plain_home, tmp_path, issuer)
    asked = dict(parse_qsl(urlsplit(begun(client_of())).query))
    assert asked["code_challenge_method"] == "S256"
    assert len(asked["code_challenge"]) == 43
    assert len(asked["state"]) == len(asked["nonce"]) == 32
    assert asked["response_type"] == "code"
    assert "client_secret" not in asked


def test_once_bound_an_address_given_to_somebody_else_opens_nothing(
    made_plain_home: Path, tmp_path: Path, issuer: str
) -> None:
    town = opened(made_plain_home, tmp_path, issuer)
    town["analyst"].email = "ann@example.org"
    town["analyst"].save()
    person(issuer, "first", email="ann@example.org")
    person(issuer, "second", email="ann@example.org")
    assert through(client_of(), "first").status_code == 302
    refused = through(client_of(), "second")
    assert refused.status_code == 403
    assert "bound to another person" in refused.content.decode()
    # The first one's address changes, and opens the account all the same.
    person(issuer, "first", email="ann.new@example.org")
    assert through(client_of(), "first").status_code == 302
    # An administrator who knows that the name has passed on may forget the binding.
    administrator = client_of(town["administrator"])
    assert administrator.post(f"/accounts/{town['analyst'].pk}/organisation/").status_code == 302
    assert through(client_of(), "second").status_code == 302


@pytest.mark.parametrize(
    ("claims", "words"),
    [
        ({"email": "nobody@example.org"}, "no account here yet"),
        ({}, "did not say"),
        ({"email": "ann@example.org", "email_verified": False}, "not verified"),
        ({"email": "ann@example.org", "email_verified": "false"}, "not verified"),
        ({"email": "two@example.org"}, "several accounts"),
        ({"email": "closed@example.org"}, "closed"),
        ({"email": "ada@example.org"}, "name, password and code"),
    ],
)
def test_who_is_not_let_in_reads_why_and_the_log_holds_it(
    made_plain_home: Path, tmp_path: Path, issuer: str, claims: dict[str, object], words: str
) -> None:
    town = opened(made_plain_home, tmp_path, issuer)
    for name, email in (
        ("analyst", "ann@example.org"),
        ("sergeant", "two@example.org"),
        ("officer", "two@example.org"),
        ("evaluator", "closed@example.org"),
        ("administrator", "ada@example.org"),
    ):
        town[name].email = email
        town[name].is_active = name != "evaluator"
        town[name].save()
    person(issuer, "somebody", **claims)
    client = client_of()
    answer = through(client, "somebody")
    assert answer.status_code == 403
    assert words in answer.content.decode().lower()
    assert client.get("/account/").status_code == 302

    from peelian.store import audit

    last = audit.search(audit.Search(act="refused"), most=1)[0]
    assert words in last.what


def test_a_group_opens_an_account_in_its_role_and_areas(made_plain_home: Path, tmp_path: Path, issuer: str) -> None:
    terms = {"groups_claim": "groups", "roles": {"Analysts": "analyst", "Shift": "officer"}, "areas": ("North",)}
    opened(made_plain_home, tmp_path, issuer, **terms)
    person(issuer, "new", email="nia@example.org", name="Nia", preferred_username="nia b", groups=["All", "Shift"])
    assert through(client_of(), "new").status_code == 302

    from peelian.store.accounts import find_account

    made = find_account("nia-b")
    assert (made.name, made.role, made.areas, made.email) == ("Nia", "officer", ["North"], "nia@example.org")
    assert not made.has_usable_password()
    person(issuer, "outsider", email="out@example.org", groups=["All"])
    assert through(client_of(), "outsider").status_code == 403


def test_an_administrator_by_the_organisations_word_still_shows_a_code(
    made_plain_home: Path, tmp_path: Path, issuer: str
) -> None:
    terms = {"groups_claim": "groups", "roles": {"Admins": "administrator"}, "may_administer": True}
    opened(made_plain_home, tmp_path, issuer, **terms)
    person(issuer, "boss", email="boss@example.org", preferred_username="boss", groups=["Admins"])
    client = client_of()
    assert through(client, "boss").headers["Location"] == "/sign-in/enrol/"
    assert client.get("/accounts/").status_code == 302


def test_saying_no_on_the_providers_page_is_answered_in_words(
    made_plain_home: Path, tmp_path: Path, issuer: str
) -> None:
    opened(made_plain_home, tmp_path, issuer)
    client = client_of()
    state = dict(parse_qsl(urlsplit(begun(client)).query))["state"]
    answer = client.get("/organisation/callback/", {"error": "access_denied", "state": state})
    assert answer.status_code == 403
    assert "did not sign you in" in answer.content.decode()


def test_our_own_provider_is_believed_when_it_tells_the_truth(
    made_plain_home: Path, tmp_path: Path, lying: Lying
) -> None:
    town = opened(made_plain_home, tmp_path, lying.issuer)
    town["analyst"].email = "ann@example.org"
    town["analyst"].save()
    answer = with_liar(client_of(), lying)
    assert answer.headers["Location"] == "/account/"
    (request,) = lying.token_requests
    assert request["client_secret"] == SECRET
    assert 43 <= len(request["code_verifier"]) <= 128


@pytest.mark.parametrize(
    "lie",
    [
        {"claims": {"iss": "http://evil.example"}},
        {"claims": {"aud": "another"}},
        {"claims": {"aud": ["another", "third"]}},
        {"claims": {"aud": ["peelian", "another"], "azp": "another"}},
        {"claims": {"nonce": "another"}},
        {"claims": {"nonce": None}},
        {"claims": {"exp": 1_700_000_000}},
        {"claims": {"exp": None}},
        {"claims": {"sub": None}},
        {"userinfo": {"sub": "s2"}},
        {"is_signed_by_another": True},
    ],
    ids=lambda lie: str(lie)[:60],
)
def test_a_token_that_does_not_hold_opens_nothing(
    made_plain_home: Path, tmp_path: Path, lying: Lying, lie: dict[str, Any]
) -> None:
    town = opened(made_plain_home, tmp_path, lying.issuer)
    town["analyst"].email = "ann@example.org"
    town["analyst"].save()
    for name, value in lie.items():
        setattr(lying, name, value)
    client = client_of()
    answer = with_liar(client, lying)
    assert answer.status_code == 403
    assert "did not sign you in" in answer.content.decode()
    assert client.get("/account/").status_code == 302


def test_an_answer_that_was_not_asked_for_or_comes_twice_opens_nothing(
    made_plain_home: Path, tmp_path: Path, lying: Lying
) -> None:
    town = opened(made_plain_home, tmp_path, lying.issuer)
    town["analyst"].email = "ann@example.org"
    town["analyst"].save()
    assert client_of().get("/organisation/callback/", {"code": "c", "state": "s"}).status_code == 403
    assert client_of().get("/organisation/callback/").status_code == 403
    client = client_of()
    assert with_liar(client, lying).status_code == 302
    again = client.get("/organisation/callback/", {"code": "c", "state": lying.asked["state"]})
    assert again.status_code == 403
    # The address of the password page with a code on it is no back door either.
    stranger = client_of()
    answer = stranger.post("/sign-in/?code=c&state=s", {"username": "analyst", "password": "wrong"})
    assert answer.status_code == 400


def test_a_provider_that_does_not_answer_or_is_another_is_said_in_words(
    made_plain_home: Path, tmp_path: Path, lying: Lying
) -> None:
    opened(made_plain_home, tmp_path, "http://127.0.0.1:1")
    answer = client_of().get("/organisation/sign-in/")
    assert answer.status_code == 503
    assert "does not answer" in answer.content.decode()
    lying.said_issuer = "http://evil.example"
    opened(made_plain_home, tmp_path / "second", lying.issuer)
    assert client_of().get("/organisation/sign-in/").status_code == 503


def test_a_provider_that_signs_with_a_shared_secret_is_refused(
    made_plain_home: Path, tmp_path: Path, lying: Lying
) -> None:
    lying.algorithm = "HS256"
    opened(made_plain_home, tmp_path, lying.issuer)
    assert client_of().get("/organisation/sign-in/").status_code == 503


def test_without_the_setting_there_is_no_such_sign_in(plain: dict[str, Any]) -> None:
    del plain
    assert client_of().get("/organisation/sign-in/").status_code == 404
    assert client_of().get("/organisation/callback/?code=c&state=s").status_code == 404
    assert "Sign in with" not in client_of().get("/sign-in/").content.decode()


def test_a_missing_extra_is_said_with_the_command_that_mends_it(tmp_path: Path) -> None:
    words = """
import sys
sys.modules["mozilla_django_oidc"] = None
from dataclasses import replace
from pathlib import Path
from peelian.errors import SettingsError
from peelian.settings import OidcTerms, read_settings
from peelian.site.configuration import open_site
settings = read_settings(Path(sys.argv[1]), {"PEELIAN_OIDC_SECRET": "s"})
try:
    open_site(replace(settings, site=replace(settings.site, oidc=OidcTerms(issuer="https://login.example"))))
except SettingsError as error:
    print(error)
"""
    command = [sys.executable, "-c", words, str(tmp_path / "home")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[site.oidc] needs the extra 'oidc': pip install 'peelian[oidc]'."


def test_the_secret_is_read_from_the_environment_and_shown_nowhere(tmp_path: Path) -> None:
    settings = read_settings(tmp_path, {"PEELIAN_OIDC_SECRET": "hush"})
    assert settings.oidc_secret == "hush"  # noqa: S105 - of a test
    assert "hush" not in repr(settings)
    assert "hush" not in repr(replace(settings, site=settings.site))
