"""Signing in: passwords, waits, codes, ends of sessions. What a thief of one thing can do with it: nothing."""

from base64 import b32decode
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.homes import peelian
from tests.site_home import PASSWORD, client_of, copy_of, open_town, served

Town = dict[str, Any]


def sign_in(client: Any, name: str, password: str = PASSWORD, **more: Any) -> Any:  # noqa: ANN401 - Django's client
    return client.post("/sign-in/", {"username": name, "password": password, **more.pop("fields", {})}, **more)


def secret_of(page: Any) -> bytes:  # noqa: ANN401 - Django's answer
    text: str = page.content.decode()
    return b32decode(text.split('<code class="typed">')[1].split("<", maxsplit=1)[0].replace(" ", ""))


def code(secret: bytes) -> str:
    from django_otp.oath import totp

    return f"{totp(secret):06d}"


def enrolled(client: Any, name: str = "administrator") -> tuple[bytes, list[str]]:  # noqa: ANN401 - as above
    """Sign in as somebody who must set up a second factor, and do it."""
    assert sign_in(client, name).headers["Location"] == "/sign-in/enrol/"
    secret = secret_of(client.get("/sign-in/enrol/"))
    done = client.post("/sign-in/enrol/", {"code": code(secret)})
    assert done.status_code == 200
    text = done.content.decode()
    return secret, [part.split("<")[0] for part in text.split("<li><code>")[1:]]


def forget_the_code(name: str = "administrator") -> None:
    """Let the code of this half minute be used once more: a test cannot wait for the next."""
    from django_otp.plugins.otp_totp.models import TOTPDevice

    TOTPDevice.objects.filter(user__username=name).update(last_t=-1, throttling_failure_count=0)


def test_the_right_password_signs_in_and_changes_the_sessions_key(plain: Town) -> None:
    del plain
    client = client_of()
    client.session.save()
    before = client.session.session_key
    client.cookies["peelian_session"] = before
    done = sign_in(client, "analyst", fields={"next": "/account/"})
    assert (done.status_code, done.headers["Location"]) == (302, "/account/")
    assert client.session.session_key != before
    assert client.get("/account/").status_code == 200


def test_a_name_is_the_same_whatever_its_capitals(plain: Town) -> None:
    del plain
    assert sign_in(client_of(), "ANALYST").status_code == 302


def test_nobody_is_led_to_another_site_after_signing_in(plain: Town) -> None:
    del plain
    for elsewhere in ("https://evil.example/", "//evil.example", "javascript:alert(1)", "/\\evil.example"):
        assert sign_in(client_of(), "analyst", fields={"next": elsewhere}).headers["Location"] == "/"


def test_wrong_names_and_wrong_passwords_are_answered_alike(plain: Town) -> None:
    del plain
    one, other = sign_in(client_of(), "analyst", "wrong"), sign_in(client_of(), "nobody", "wrong")
    assert one.status_code == other.status_code == 400
    assert b"No open account has this name and password." in one.content
    assert (
        one.content.replace(b"analyst", b"").split(b"csrf")[0]
        == other.content.replace(b"nobody", b"").split(b"csrf")[0]
    )


def test_five_failures_make_name_and_address_wait_and_the_right_password_does_not_help(plain: Town) -> None:
    del plain
    client = client_of()
    # A name in other capitals is the same name: no second set of tries.
    for name in ("officer", "Officer", "OFFICER", "oFFicer"):
        assert sign_in(client, name, "wrong").status_code == 400
    last = sign_in(client, "officer", "wrong")
    assert last.status_code == 429
    assert int(last.headers["Retry-After"]) == 900
    assert sign_in(client_of(), "officer").status_code == 429
    assert sign_in(client_of(), "officer", REMOTE_ADDR="192.0.2.7").status_code == 302
    assert sign_in(client_of(), "analyst").status_code == 302


def test_the_wait_ends(plain: Town) -> None:
    del plain
    from axes.models import AccessAttempt

    for _ in range(5):
        sign_in(client_of(), "officer", "wrong")
    assert sign_in(client_of(), "officer").status_code == 429
    AccessAttempt.objects.update(attempt_time=datetime.now(UTC) - timedelta(minutes=16))
    assert sign_in(client_of(), "officer").status_code == 302


def test_an_administrator_ends_the_wait(plain: Town) -> None:
    for _ in range(5):
        sign_in(client_of(), "officer", "wrong")
    done = client_of(plain["administrator"]).post(f"/accounts/{plain['officer'].pk}/let-in/")
    assert done.status_code == 302
    assert sign_in(client_of(), "officer").status_code == 302


def test_a_program_that_tries_many_names_from_one_address_is_stopped(plain: Town) -> None:
    del plain
    from peelian.site.limits import SIGN_IN_FROM
    from peelian.store import limits
    from peelian.store.nights import utc_now

    for _ in range(SIGN_IN_FROM.most):
        limits.take(SIGN_IN_FROM.key("127.0.0.1"), SIGN_IN_FROM.most, SIGN_IN_FROM.window_s, utc_now())
    answer = sign_in(client_of(), "analyst")
    assert answer.status_code == 429
    assert 0 < int(answer.headers["Retry-After"]) <= SIGN_IN_FROM.window_s
    assert sign_in(client_of(), "analyst", REMOTE_ADDR="192.0.2.7").status_code == 302


def test_the_wait_holds_across_processes(published_town: Path, tmp_path: Path) -> None:
    home = copy_of(published_town, tmp_path / "home")
    done = peelian("user", "add", "ann", "--password-stdin", home=home, stdin="correct horse battery\n")
    assert done.returncode == 0, done.stderr
    with served(home) as one, served(home) as other:
        answers = [_try(address, "wrong") for address in (one, other, one, other, one)]
        assert answers == [400, 400, 400, 400, 429]
        assert _try(other, "correct horse battery") == 429


def _try(address: str, password: str) -> int:
    with httpx.Client(base_url=address) as client:
        page = client.get("/sign-in/")
        token = page.text.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
        words = {"username": "ann", "password": password, "csrfmiddlewaretoken": token}
        return client.post("/sign-in/", data=words).status_code


@pytest.mark.parametrize(
    ("new", "why"),
    [
        ("short one", "at least 12"),
        ("administrator", "too similar"),
        ("passwordpassword", None),
        ("123456789012345", "entirely numeric"),
        ("qwertyuiopasdfgh", None),
    ],
)
def test_passwords_are_held_to_the_rules(plain: Town, new: str, why: str | None) -> None:
    client = client_of(plain["administrator"])
    answer = client.post("/password/", {"present": PASSWORD, "new": new, "again": new})
    assert answer.status_code == (302 if why is None else 400)
    assert why is None or why in answer.content.decode()


def test_a_common_password_of_twelve_letters_is_refused(plain: Town) -> None:
    client = client_of(plain["analyst"])
    answer = client.post("/password/", {"present": PASSWORD, "new": "1q2w3e4r5t6y", "again": "1q2w3e4r5t6y"})
    assert answer.status_code == 400
    assert "too common" in answer.content.decode()


def test_a_new_password_ends_all_other_sessions(plain: Town) -> None:
    here, there = client_of(plain["analyst"]), client_of(plain["analyst"])
    new = "another one to try"
    assert here.post("/password/", {"present": PASSWORD, "new": new, "again": new}).status_code == 302
    assert here.get("/account/").status_code == 200
    assert there.get("/account/").status_code == 302
    assert here.get("/account/").content.decode().count('scope="row"') == 1


def test_the_present_password_cannot_be_guessed_from_a_session_found_open(plain: Town) -> None:
    client = client_of(plain["analyst"])
    new = "another one to try"
    tried = [client.post("/password/", {"present": f"no {i}", "new": new, "again": new}).status_code for i in range(11)]
    assert tried == [400] * 10 + [429]


def test_a_password_given_by_somebody_else_must_be_changed_and_ends_after_a_week(plain: Town) -> None:
    from peelian.records.access import program
    from peelian.store import accounts
    from peelian.store.nights import utc_now

    given = accounts.one_time_password()
    accounts.set_password(program("a test"), plain["officer"], given, at=utc_now(), must_change=True)
    client = client_of()
    assert sign_in(client, "officer", given).status_code == 302
    assert client.get("/account/").headers["Location"] == "/password/"
    plain["officer"].one_time_until = utc_now() - timedelta(minutes=1)
    plain["officer"].save()
    late = sign_in(client_of(), "officer", given)
    assert late.status_code == 403
    assert "first days only" in late.content.decode()


def test_one_time_passwords_hold_the_rules_and_differ(plain: Town) -> None:
    from django.contrib.auth.password_validation import validate_password

    from peelian.store.accounts import one_time_password

    made = {one_time_password() for _ in range(200)}
    assert len(made) == 200
    for password in made:
        validate_password(password, plain["officer"])


# --- the second factor ------------------------------------------------------------------------------------


def test_an_administrator_sets_up_a_second_factor_before_anything_else(plain: Town) -> None:
    del plain
    client = client_of()
    assert sign_in(client, "administrator").headers["Location"] == "/sign-in/enrol/"
    assert client.get("/accounts/").status_code == 302
    client = client_of()
    _, codes = enrolled(client)
    assert len(set(codes)) == 10
    assert client.get("/accounts/").status_code == 200
    assert client.get("/accounts/").wsgi_request.user.is_verified()


def test_a_password_alone_opens_nothing_of_an_administrator(plain: Town) -> None:
    client = client_of()
    client.force_login(plain["administrator"], backend="django.contrib.auth.backends.ModelBackend")
    assert client.get("/accounts/").status_code == 302
    assert client.get("/account/").status_code == 302
    assert client.post(f"/accounts/{plain['officer'].pk}/close/").status_code == 302


def test_a_code_is_asked_for_and_is_good_once(plain: Town) -> None:
    del plain
    secret, _ = enrolled(client_of())
    again = client_of()
    assert sign_in(again, "administrator").headers["Location"] == "/sign-in/code/"
    used = again.post("/sign-in/code/", {"code": code(secret)})
    assert used.status_code == 400
    assert "used already" in used.content.decode()
    forget_the_code()
    assert again.post("/sign-in/code/", {"code": code(secret)}).status_code == 302
    assert again.get("/accounts/").status_code == 200


def test_a_recovery_code_stands_for_the_phone_once(plain: Town) -> None:
    del plain
    _, codes = enrolled(client_of())
    one, other = client_of(), client_of()
    sign_in(one, "administrator")
    assert one.post("/sign-in/code/", {"code": f" {codes[0].upper()} "}).status_code == 302
    sign_in(other, "administrator")
    assert other.post("/sign-in/code/", {"code": codes[0]}).status_code == 400
    assert "9 recovery codes left" in one.get("/account/").content.decode()


def test_wrong_codes_wait_longer_and_longer_and_then_the_account_waits(plain: Town) -> None:
    secret, _ = enrolled(client_of())
    forget_the_code()
    client = client_of()
    sign_in(client, "administrator")
    wrong = "000000" if code(secret) != "000000" else "111111"
    assert "not right" in client.post("/sign-in/code/", {"code": wrong}).content.decode()
    # Even the right one must wait now: the throttle of the device.
    early = client.post("/sign-in/code/", {"code": code(secret)})
    assert early.status_code == 400
    assert "there is a wait" in early.content.decode()
    answers = {client.post("/sign-in/code/", {"code": wrong}).status_code for _ in range(20)}
    assert answers == {400, 429}
    assert plain["administrator"].pk


def test_a_sign_in_waits_ten_minutes_for_its_code_and_no_longer(plain: Town) -> None:
    del plain
    secret, _ = enrolled(client_of())
    forget_the_code()
    client = client_of()
    sign_in(client, "administrator")
    session = client.session
    session["sign_in"] = [session["sign_in"][0], session["sign_in"][1] - 601, *session["sign_in"][2:]]
    session.save()
    assert client.post("/sign-in/code/", {"code": code(secret)}).headers["Location"] == "/sign-in/"


def test_anybody_may_have_a_second_factor_and_is_asked_for_it_from_then_on(plain: Town) -> None:
    client, elsewhere = client_of(plain["officer"]), client_of(plain["officer"])
    assert sign_in(client_of(), "officer").headers["Location"] == "/"
    secret = secret_of(client.get("/account/two-factor/"))
    assert secret == secret_of(client.get("/account/two-factor/"))
    assert client.post("/account/two-factor/", {"code": code(secret)}).status_code == 200
    assert client.get("/account/").status_code == 200
    assert elsewhere.get("/account/").status_code == 302
    assert sign_in(client_of(), "officer").headers["Location"] == "/sign-in/code/"
    assert client.post("/account/two-factor/remove/", {"present": "wrong"}).status_code == 400
    assert client.post("/account/two-factor/remove/", {"present": PASSWORD}).status_code == 302
    assert sign_in(client_of(), "officer").headers["Location"] == "/"


def test_an_administrator_keeps_the_second_factor(plain: Town) -> None:
    client = client_of(plain["administrator"])
    assert client.post("/account/two-factor/remove/", {"present": PASSWORD}).status_code == 403


def test_a_lost_phone_is_taken_away_from_the_command_line(site_home: Path) -> None:
    town = open_town(site_home)
    enrolled(client_of())
    done = peelian("user", "reset-two-factor", "administrator", home=site_home)
    assert (done.returncode, done.stdout) == (0, "administrator: the second factor is gone.\n")
    assert sign_in(client_of(), "administrator").headers["Location"] == "/sign-in/enrol/"
    assert town["administrator"].pk


# --- sessions ---------------------------------------------------------------------------------------------


def test_a_session_ends_when_nobody_uses_it(plain: Town) -> None:
    from peelian.store.sessions import Session

    client = client_of(plain["analyst"])
    assert client.get("/account/").status_code == 200
    Session.objects.update(seen_at=datetime.now(UTC) - timedelta(minutes=121))
    assert client.get("/account/").status_code == 302


def test_a_session_ends_ten_hours_after_the_sign_in_however_much_it_is_used(plain: Town) -> None:
    from peelian.store.sessions import Session

    client = client_of(plain["analyst"])
    Session.objects.update(opened_at=datetime.now(UTC) - timedelta(hours=9, minutes=59))
    assert client.get("/account/").status_code == 200
    Session.objects.update(opened_at=datetime.now(UTC) - timedelta(hours=10, minutes=1))
    assert client.get("/account/").status_code == 302


def test_keeping_something_in_a_session_does_not_lengthen_it(plain: Town) -> None:
    from peelian.store.sessions import Session

    client = client_of(plain["analyst"])
    session = client.session
    session["opened_at"] -= 3600
    session.save()
    before = Session.objects.get(account=plain["analyst"]).opened_at
    session["anything"] = "else"
    session.save()
    assert Session.objects.get(account=plain["analyst"]).opened_at == before


def test_ended_sessions_are_swept(plain: Town) -> None:
    from peelian.store import sessions

    client_of(plain["analyst"])
    sessions.Session.objects.update(seen_at=datetime.now(UTC) - timedelta(minutes=121))
    client_of(plain["officer"])
    assert sessions.sweep() == 1
    assert sessions.Session.objects.count() == 1


def test_signing_out_everywhere_ends_every_session_of_ones_own_and_no_other(plain: Town) -> None:
    here, there, other = client_of(plain["analyst"]), client_of(plain["analyst"]), client_of(plain["officer"])
    assert here.post("/sign-out/everywhere/").headers["Location"] == "/sign-in/"
    assert here.get("/account/").status_code == there.get("/account/").status_code == 302
    assert other.get("/account/").status_code == 200


def test_ones_own_page_names_browser_and_address_never_a_key(plain: Town) -> None:
    del plain
    client = client_of(headers={"user-agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/128.0"})
    sign_in(client, "analyst", REMOTE_ADDR="192.0.2.9")
    text = client.get("/account/").content.decode()
    assert "Firefox on Linux" in text
    assert "192.0.2.9" in text
    assert client.session.session_key not in text


def test_what_was_typed_outlives_the_second_factor_too(plain: Town) -> None:
    secret, _ = enrolled(client_of())
    forget_the_code()
    signed = client_of(plain["administrator"])
    target = f"/accounts/{plain['officer'].pk}/"
    mark = signed.get(target).content.decode().split('name="form_id" value="')[1].split('"')[0]
    client = client_of()
    lost = client.post(target, {"name": "typed before", "form_id": mark})
    assert lost.headers["Location"] == "/sign-in/?next=%2Fkept%2F"
    sign_in(client, "administrator", fields={"next": "/kept/"})
    assert client.post("/sign-in/code/", {"code": code(secret)}).headers["Location"] == "/kept/"
    assert "typed before" in client.get("/kept/").content.decode()
