"""What every answer of the site carries, and how it is set up behind TLS."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.site_home import PASSWORD, client_of, copy_of, open_town, served

from peelian.errors import SettingsError
from peelian.settings import OidcTerms, SiteTerms, read_settings

Town = dict[str, Any]


def test_every_answer_forbids_frames_sniffing_and_other_hosts(plain: Town) -> None:
    for client, address in (
        (client_of(), "/sign-in/"),
        (client_of(plain["analyst"]), "/account/"),
        (client_of(), "/none"),
    ):
        headers = client.get(address).headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'self'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe-eval" not in policy
        assert "http:" not in policy
        assert "https:" not in policy
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "same-origin"


def test_pages_of_who_has_signed_in_are_stored_nowhere(plain: Town) -> None:
    assert client_of(plain["analyst"]).get("/account/").headers["Cache-Control"] == "private, no-store"


def test_files_carry_the_guards_too(published_town: Path, tmp_path: Path) -> None:
    home = copy_of(published_town, tmp_path / "home")
    with served(home) as address:
        headers = httpx.get(f"{address}/static/icon.svg").headers
    assert headers["Content-Type"] == "image/svg+xml"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert "default-src 'self'" in headers["Content-Security-Policy"]


def test_a_form_without_its_token_is_refused_in_words(plain: Town) -> None:
    client = client_of(plain["analyst"], enforce_csrf_checks=True)
    answer = client.post("/sign-out/everywhere/")
    assert answer.status_code == 403
    assert "waited too long" in answer.content.decode()


def test_cookies_are_out_of_reach_of_scripts_and_of_other_sites(plain: Town) -> None:
    del plain
    client = client_of()
    client.get("/sign-in/")
    client.post("/sign-in/", {"username": "analyst", "password": PASSWORD})
    cookie = client.cookies["peelian_session"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"


def test_behind_tls_cookies_travel_by_tls_only_and_browsers_remember(tmp_path: Path) -> None:
    town = open_town(tmp_path / "home", behind_tls=True, names=("peelian.example",))
    client = client_of(town["analyst"])
    plain = client.get("/account/")
    assert plain.status_code == 301
    assert plain.headers["Location"].startswith("https://")
    answer = client.get("/account/", secure=True)
    assert answer.status_code == 200
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"
    stranger = client_of()
    stranger.get("/sign-in/", secure=True)
    done = stranger.post("/sign-in/", {"username": "analyst", "password": PASSWORD}, secure=True)
    assert done.status_code == 302
    cookie = stranger.cookies["__Host-peelian_session"]
    assert cookie["secure"]
    assert cookie["path"] == "/"
    assert stranger.cookies["csrftoken"]["secure"]
    # A program on this machine asks without TLS whether all is well.
    assert client_of().get("/health").status_code == 200


def test_djangos_own_check_for_going_live_finds_nothing(tmp_path: Path) -> None:
    open_town(tmp_path / "home", behind_tls=True, names=("peelian.example",))
    from django.core.checks import run_checks

    found = [m.id for m in run_checks(include_deployment_checks=True)]
    # Two choices that belong to who runs the domain, and a middleware that Django's check knows by its own name only.
    assert set(found) <= {"security.W005", "security.W021"}


def test_passwords_are_hashed_with_argon2_at_a_cost(tmp_path: Path) -> None:
    from peelian.store import django_settings

    open_town(tmp_path / "home")
    from django.contrib.auth.hashers import Argon2PasswordHasher

    assert django_settings.PASSWORD_HASHERS == ["django.contrib.auth.hashers.Argon2PasswordHasher"]
    hasher = Argon2PasswordHasher()
    told = hasher.decode(hasher.encode("a password", hasher.salt()))
    assert told["variety"] == "argon2id"
    assert told["memory_cost"] >= 19 * 1024
    assert told["time_cost"] >= 2


@pytest.mark.parametrize(
    ("site", "words"),
    [
        (SiteTerms(oidc=OidcTerms(issuer="http://localhost:1")), "PEELIAN_OIDC_SECRET"),
        (SiteTerms(oidc=OidcTerms(issuer="x", roles={"a": "king"}, groups_claim="g")), "known are"),
        (SiteTerms(oidc=OidcTerms(issuer="x", roles={"a": "administrator"}, groups_claim="g")), "may_administer"),
        (SiteTerms(oidc=OidcTerms(issuer="x", roles={"a": "officer"})), "groups_claim"),
    ],
)
def test_a_setting_that_cannot_be_right_is_refused_with_the_mend(tmp_path: Path, site: SiteTerms, words: str) -> None:
    from peelian.site.configuration import django_settings

    settings = read_settings(tmp_path, {"PEELIAN_OIDC_SECRET": "" if "SECRET" in words else "s"})
    with pytest.raises(SettingsError, match=words):
        django_settings(replace(settings, site=site))
