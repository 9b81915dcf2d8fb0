"""Accounts by page: opened, changed, closed and helped back in by administrators, every act in the log."""

import re
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.postgresql_server import Server
from tests.site_home import PASSWORD, client_of, copy_of, open_town
from tests.smtp_sink import smtp_sink

from peelian.settings import MailTerms

Town = dict[str, Any]


def told() -> list[str]:
    from peelian.store import audit

    return [f"{line.actor_name}: {line.what}" for line in audit.search(audit.Search(), most=200)]


def new(client: Any, **fields: Any) -> Any:  # noqa: ANN401 - Django's client and answer
    given = {"username": "nia", "name": "Nia <script>alert(1)</script> 王", "role": "officer", "way": "password"}
    return client.post("/accounts/new/", {**given, **fields})


def test_an_account_is_opened_with_a_password_that_is_shown_once(plain: Town) -> None:
    client = client_of(plain["administrator"])
    done = new(client)
    text = done.content.decode()
    assert done.status_code == 200
    assert "<script>alert" not in text
    password = re.findall(r'<code class="once">([^<]+)</code>', text)[0]
    from peelian.store.accounts import find_account

    made = find_account("nia")
    assert (made.role, made.areas, made.must_change_password) == ("officer", ["*"], True)
    assert password not in client.get(f"/accounts/{made.pk}/").content.decode()
    stranger = client_of()
    assert stranger.post("/sign-in/", {"username": "nia", "password": password}).status_code == 302
    assert stranger.get("/account/").headers["Location"] == "/password/"
    assert "Ann administrator: opened account nia" in told()
    assert password not in " ".join(told())


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"username": "analyst"}, "exists already"),
        ({"username": "ANALYST"}, "exists already"),
        ({"username": "no spaces"}, "Enter a valid value"),
        ({"username": ""}, "required"),
        ({"name": ""}, "required"),
        ({"name": "a\0b"}, "hidden character"),
        ({"role": "public"}, "not one of the available choices"),
        ({"email": "nobody"}, "valid email"),
        ({"areas": ["Atlantis"]}, "not one of the available choices"),
        ({"way": "link"}, "not one of the available choices"),
    ],
)
def test_what_cannot_be_opened_is_refused_with_the_reason_and_nothing_typed_is_lost(
    plain: Town, fields: dict[str, Any], words: str
) -> None:
    answer = new(client_of(plain["administrator"]), **{"email": "nia@example.org", **fields})
    assert answer.status_code == 400
    text = answer.content.decode()
    assert words in text
    assert fields.get("email", "nia@example.org") in text


def test_areas_are_those_of_the_homes_levels(town: Town) -> None:
    client = client_of(town["administrator"])
    text = client.get("/accounts/new/").content.decode()
    assert "Town, district" in text
    assert {"North", "South", "town"} <= set(re.findall(r'name="areas" value="([^"]+)"', text))
    assert new(client, areas=["South", "North"]).status_code == 200
    from peelian.store.accounts import find_account

    made = find_account("nia")
    assert made.areas == ["North", "South"]
    page = client.get(f"/accounts/{made.pk}/").content.decode()
    assert page.count("checked") == 2


def test_a_change_of_role_ends_the_sessions_and_is_written_with_before_and_after(plain: Town) -> None:
    theirs = client_of(plain["analyst"])
    client = client_of(plain["administrator"])
    address = f"/accounts/{plain['analyst'].pk}/"
    assert client.post(address, {"name": "Ann analyst", "role": "officer"}).headers["Location"] == address
    assert theirs.get("/account/").status_code == 302
    from peelian.store import audit

    line = audit.about(f"account/{plain['analyst'].pk}", most=1)[0]
    assert line.details == {"role": {"from": "analyst", "to": "officer"}}
    n_lines = audit.head()[0]
    # The same once more changes nothing, and says nothing.
    assert client.post(address, {"name": "Ann analyst", "role": "officer"}).status_code == 302
    assert audit.head()[0] == n_lines


def test_what_one_administrator_took_away_another_does_not_give_back_with_a_page_opened_before(plain: Town) -> None:
    from peelian.store.accounts import account_of, change_account
    from peelian.store.nights import utc_now

    client = client_of(plain["administrator"])
    address = f"/accounts/{plain['analyst'].pk}/"
    drawn = re.findall(r'name="drawn_from" value="(\w{64})"', client.get(address).content.decode())[0]
    change_account(plain["administrator"].actor(), account_of(plain["analyst"].pk), at=utc_now(), role="evaluator")
    wanted = {"name": "Ann of the north", "role": "analyst", "drawn_from": drawn}
    answer = client.post(address, wanted)
    assert answer.status_code == 400
    assert "Somebody changed this while the page was open" in answer.content.decode()
    assert account_of(plain["analyst"].pk).role == "evaluator"
    drawn = re.findall(r'name="drawn_from" value="(\w{64})"', client.get(address).content.decode())[0]
    assert client.post(address, {**wanted, "drawn_from": drawn}).status_code == 302


def test_the_last_administrator_is_neither_closed_nor_made_something_else(plain: Town) -> None:
    client = client_of(plain["administrator"])
    address = f"/accounts/{plain['administrator'].pk}/"
    closed = client.post(f"{address}close/")
    assert closed.status_code == 503 or "last open administrator" in closed.content.decode()
    demoted = client.post(address, {"name": "Ann", "role": "officer"})
    assert demoted.status_code == 400
    assert "last open administrator" in demoted.content.decode()
    plain["administrator"].refresh_from_db()
    assert plain["administrator"].is_active
    assert plain["administrator"].role == "administrator"


def test_two_administrators_who_close_each_other_at_once_leave_one(tmp_path: Path, postgresql_server: Server) -> None:

    town = open_town(tmp_path / "home", postgresql_server.make("closing"))
    from peelian.records.access import Role, program
    from peelian.store import accounts
    from peelian.store.nights import utc_now

    second = accounts.open_account(program("a test"), "second", "S", Role.ADMINISTRATOR, (), PASSWORD, at=utc_now())
    start, faults = threading.Barrier(2), []

    def close(account: Any) -> None:  # noqa: ANN401 - an account
        from django.db import connections

        from peelian.errors import StoreError

        start.wait()
        try:
            accounts.change_account(program("a test"), account, at=utc_now(), is_active=False)
        except StoreError as error:
            faults.append(str(error))
        finally:
            connections.close_all()

    both = [threading.Thread(target=close, args=(a,)) for a in (town["administrator"], second)]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    assert len(faults) == 1
    assert "last open administrator" in faults[0]
    from django.db import connections

    connections.close_all()


def test_a_closed_account_is_out_at_once_and_comes_back_when_opened(plain: Town) -> None:
    theirs, client = client_of(plain["officer"]), client_of(plain["administrator"])
    address = f"/accounts/{plain['officer'].pk}/close/"
    assert client.post(address).status_code == 302
    assert theirs.get("/account/").status_code == 302
    assert client_of().post("/sign-in/", {"username": "officer", "password": PASSWORD}).status_code == 400
    assert client.post(address, {"open": "yes"}).status_code == 302
    assert client_of().post("/sign-in/", {"username": "officer", "password": PASSWORD}).status_code == 302


def test_a_new_password_is_shown_once_and_ends_the_sessions(plain: Town) -> None:
    theirs, client = client_of(plain["officer"]), client_of(plain["administrator"])
    text = client.post(f"/accounts/{plain['officer'].pk}/password/").content.decode()
    password = re.findall(r'<code class="once">([^<]+)</code>', text)[0]
    assert theirs.get("/account/").status_code == 302
    assert client_of().post("/sign-in/", {"username": "officer", "password": PASSWORD}).status_code == 400
    assert client_of().post("/sign-in/", {"username": "officer", "password": password}).status_code == 302


def test_all_sessions_of_an_account_can_be_ended(plain: Town) -> None:
    theirs, client = client_of(plain["officer"]), client_of(plain["administrator"])
    assert client.post(f"/accounts/{plain['officer'].pk}/sessions/").status_code == 302
    assert theirs.get("/account/").status_code == 302
    assert "Ann administrator: ended all sessions of officer (1)" in told()


def test_ones_own_password_and_phone_are_not_reset_on_the_administrators_page(plain: Town) -> None:
    client = client_of(plain["administrator"])
    for act in ("password", "two-factor"):
        assert client.post(f"/accounts/{plain['administrator'].pk}/{act}/").status_code == 403


def test_an_account_that_is_none_is_said(plain: Town) -> None:
    client = client_of(plain["administrator"])
    assert client.get("/accounts/999999/").status_code == 404
    assert client.get("/accounts/9223372036854775808/").status_code == 404
    assert client.post("/accounts/999999/close/").status_code == 404


@pytest.mark.parametrize("role", ["analyst", "sergeant", "officer", "evaluator", "overseer"])
def test_nobody_else_may_do_any_of_it(plain: Town, role: str) -> None:
    client = client_of(plain[role])
    number = plain["officer"].pk
    for act in ("close", "password", "sessions", "two-factor", "let-in", "organisation"):
        assert client.post(f"/accounts/{number}/{act}/").status_code == 403
    assert client.post(f"/accounts/{number}/", {"name": "x", "role": "administrator"}).status_code == 403
    assert new(client).status_code == 403


def test_a_link_by_mail_opens_an_account_and_works_once(made_plain_home: Path, tmp_path: Path) -> None:
    with smtp_sink() as sink:
        mail = MailTerms(host="127.0.0.1", port=sink.port, security="none", sender="peelian@example.org")
        town = open_town(copy_of(made_plain_home, tmp_path / "home"), mail=mail)
        answer = new(client_of(town["administrator"]), way="link", email="nia@example.org", name="Nia")
        assert "has a link" in answer.content.decode()
        (message,) = sink.messages
        assert (message["To"], message["From"]) == ("nia@example.org", "peelian@example.org")
        link = re.findall(r"http://testserver(/password/\S+)", message.get_content())[0]
        stranger = client_of()
        assert stranger.get(link).headers["Referrer-Policy"] == "no-referrer"
        short = stranger.post(link, {"new": "short", "again": "short"})
        assert short.status_code == 400
        chosen = "one of her own to try"
        assert stranger.post(link, {"new": chosen, "again": chosen}).headers["Location"] == "/sign-in/"
        assert stranger.get(link).status_code == 404
        assert stranger.post("/sign-in/", {"username": "nia", "password": chosen}).status_code == 302


def test_a_forgotten_password_is_answered_alike_for_every_name(made_plain_home: Path, tmp_path: Path) -> None:
    with smtp_sink() as sink:
        mail = MailTerms(host="127.0.0.1", port=sink.port, security="none", sender="peelian@example.org")
        town = open_town(copy_of(made_plain_home, tmp_path / "home"), mail=mail)
        town["analyst"].email = "ann@example.org"
        town["analyst"].save()
        answers = [client_of().post("/password/forgotten/", {"username": n}) for n in ("analyst", "officer", "nobody")]
        pages = {re.sub(r'value="[^"]+"', "", a.content.decode()) for a in answers}
        assert len(pages) == 1
        assert [m["To"] for m in sink.messages] == ["ann@example.org"]
        for _ in range(2):
            client_of().post("/password/forgotten/", {"username": "Analyst"})
        assert client_of().post("/password/forgotten/", {"username": "analyst"}).status_code == 429
        assert len(sink.messages) == 3


def test_a_link_ends_after_a_day_and_with_the_next_sign_in(plain: Town) -> None:
    from django.conf import settings
    from django.contrib.auth.tokens import default_token_generator as tokens
    from django.utils.http import urlsafe_base64_encode

    officer = plain["officer"]
    assert timedelta(days=1).total_seconds() == settings.PASSWORD_RESET_TIMEOUT
    who, token = urlsafe_base64_encode(str(officer.pk).encode()), tokens.make_token(officer)
    assert client_of().get(f"/password/{who}/{token}/").status_code == 200
    client_of().post("/sign-in/", {"username": "officer", "password": PASSWORD})
    assert client_of().get(f"/password/{who}/{token}/").status_code == 404
    for odd in ("%00", "A" * 400, "MQ", "LTE"):
        assert client_of().get(f"/password/{odd}/x/").status_code == 404


def test_without_mail_no_link_is_offered(plain: Town) -> None:
    assert client_of().get("/password/forgotten/").status_code == 404
    text = client_of(plain["administrator"]).get(f"/accounts/{plain['officer'].pk}/").content.decode()
    assert "Send a link" not in text
