"""Notices: nothing lost, nothing sent where it must not go, by a real receiver and a real mail server on loopback."""

import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from email import message_from_string
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from tests.homes import TOWN, peelian
from tests.receivers import mail_server, webhook_receiver
from tests.site_home import client_of

AT = datetime(2018, 4, 21, 13, tzinfo=UTC)  # eight in the morning in the town
NIGHT = AT - timedelta(hours=4)  # before any night is expected
LOOPBACK = ("127.0.0.0/8",)


def _subscribe(address: str, *occasions: str, **more: Any) -> tuple[Any, str]:  # noqa: ANN401 - as the store has them
    from peelian.records.access import program
    from peelian.store import notices

    wanted = [notices.Occasion(o) for o in occasions or ("night.published", "night.late")]
    return notices.subscribe(program("a test"), "the town hall", address, wanted, at=AT, **more)


def _notify(home: Path, at: datetime = AT, networks: tuple[str, ...] = LOOPBACK, **mail: Any) -> list[Any]:  # noqa: ANN401
    from peelian.jobs.mail import Post
    from peelian.jobs.notify import notify
    from peelian.jobs.terms import NoticeTerms

    post = Post(**{"host": "", "port": 25, "security": "none", "sender": "peelian@example.org", **mail})
    return notify(home, NoticeTerms(private_networks=networks, site_address="https://peelian.example.org"), post, at)


def _put(key: str = "one", **told: object) -> None:
    from django.db import transaction

    from peelian.store import notices

    with transaction.atomic():
        about = {"force": "town", "night": "2018-04-20", "maps": 6, "boxes": 24, "valid_to": "then", **told}
        notices.put(notices.Occasion.PUBLISHED, "town", key, about, NIGHT)


def test_a_webhook_is_signed_and_says_which_night_and_no_place(site_home: Path, town: dict[str, Any]) -> None:
    del town
    with webhook_receiver() as receiver:
        _, secret = _subscribe(receiver.address)
        _put()
        (told,) = _notify(site_home, NIGHT)
        assert told.error == ""
    ((headers, body),) = receiver.taken
    seconds, seal = (part.partition("=")[2] for part in headers["Peelian-Signature"].split(","))
    assert hmac.compare_digest(
        seal, hmac.new(secret.encode(), f"{seconds}.{body}".encode(), hashlib.sha256).hexdigest()
    )
    assert headers["Peelian-Id"] == json.loads(body)["id"]
    assert headers["Peelian-Event"] == json.loads(body)["event"] == "night.published"
    assert headers["Content-Type"] == "application/json"
    assert headers["Host"] == receiver.address.removeprefix("http://").partition("/")[0]
    assert _notify(site_home, NIGHT + timedelta(hours=1)) == [], "what was taken is not sent again"


def test_what_is_not_taken_is_tried_again_later_and_later_with_the_same_id(
    site_home: Path, town: dict[str, Any]
) -> None:
    del town
    from peelian.store import notices

    at = NIGHT
    with webhook_receiver() as receiver:
        receiver.answers = [(500, {}), (503, {})]
        _subscribe(receiver.address)
        _put()
        (first,) = _notify(site_home, at)
        assert first.error == "it answered 500"
        assert first.again == at + timedelta(minutes=1)
        assert _notify(site_home, at + timedelta(seconds=59)) == []
        (second,) = _notify(site_home, first.again)
        assert second.again == first.again + timedelta(minutes=5)
        (third,) = _notify(site_home, second.again)
        assert (third.error, third.again) == ("", None)
    assert len({headers["Peelian-Id"] for headers, _ in receiver.taken}) == 1
    assert len({body for _, body in receiver.taken}) == 1
    assert notices.newest()[0].tries == 3


def test_after_the_last_try_a_notice_is_given_up_and_stays_to_be_seen(site_home: Path, town: dict[str, Any]) -> None:
    from peelian.store import notices

    _subscribe("http://127.0.0.1:1/nobody", "night.published")
    _put()
    at, tries = NIGHT, 0
    while done := _notify(site_home, at, networks=LOOPBACK):
        assert done[0].error
        tries += 1
        if done[0].again is None:
            break
        at = done[0].again
    assert tries == len(notices.BACK_OFF) + 1
    assert notices.due(at + timedelta(days=400)) == ()
    page = client_of(town["administrator"]).get("/notices/").content.decode()
    assert "given up" in page


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("https://127.0.0.1/x", "no public address"),
        ("https://localhost/x", "no public address"),
        ("https://10.1.2.3/x", "no public address"),
        ("https://192.168.0.1:8443/x", "no public address"),
        ("https://169.254.169.254/latest/meta-data", "no public address"),
        ("https://100.64.0.1/x", "no public address"),
        ("https://0.0.0.0/x", "no public address"),
        ("https://224.0.0.1/x", "no public address"),
        ("https://[::1]/x", "no public address"),
        ("https://[::ffff:127.0.0.1]/x", "no public address"),
        ("https://[64:ff9b::7f00:1]/x", "no public address"),
        ("https://[2002:7f00:1::]/x", "no public address"),
        ("https://[fe80::1]/x", "no public address"),
        ("https://[fd00::1]/x", "no public address"),
        ("https://2130706433/x", "no public address"),
        ("https://0x7f.1/x", "no public address"),
        ("http://8.8.8.8/x", "https is wanted"),
        ("https://no-such-host.invalid/x", "cannot be found"),
    ],
)
def test_a_webhook_goes_to_no_private_address(site_home: Path, town: dict[str, Any], address: str, reason: str) -> None:
    del town
    _subscribe(address)
    _put()
    (told,) = _notify(site_home, NIGHT, networks=())
    assert reason in told.error


def test_loopback_is_reached_only_where_the_setting_allows_it(site_home: Path, town: dict[str, Any]) -> None:
    del town
    with webhook_receiver() as receiver:
        _subscribe(receiver.address)
        _put()
        (refused,) = _notify(site_home, NIGHT, networks=("10.0.0.0/8",))
        assert "private_networks" in refused.error
        assert receiver.taken == []
        assert _notify(site_home, AT)[0].error == ""


def test_a_redirect_is_not_followed(site_home: Path, town: dict[str, Any]) -> None:
    del town
    with webhook_receiver() as receiver, webhook_receiver() as elsewhere:
        receiver.answers = [(status, {"Location": elsewhere.address}) for status in (301, 307)]
        _subscribe(receiver.address)
        _put()
        (told,) = _notify(site_home, NIGHT)
        assert "leads elsewhere" in told.error
        _notify(site_home, told.again)
    assert elsewhere.taken == []
    assert len(receiver.taken) == 2


@pytest.mark.parametrize(
    "address",
    ["ftp://example.org/", "https://", "https://a:b@example.org/", "https://example.org/#x", "https://exa mple.org/",
     "https://example.org:99999/", "https://example.org/\n", "someone", "a@b", "javascript:alert(1)", "file:///etc"],
)  # fmt: skip
def test_an_address_that_is_none_is_refused(town: dict[str, Any], address: str) -> None:
    del town
    from peelian.errors import StoreError
    from peelian.store import notices

    with pytest.raises(StoreError, match="address"):
        _subscribe(f"{address}\x00" if address.endswith("\n") else address)
    assert notices.subscriptions() == ()


def test_an_e_mail_says_it_in_words_and_its_id_is_the_notices(site_home: Path, town: dict[str, Any]) -> None:
    del town
    from peelian.store import notices

    with mail_server() as mailbox:
        _subscribe("sergeant@example.org")
        _put()
        (told,) = _notify(site_home, NIGHT, host="127.0.0.1", port=mailbox.port)
        assert told.error == ""
    ((to, text),) = mailbox.messages
    message = message_from_string(text, policy=default)
    assert to == ["sergeant@example.org"]
    assert message["Subject"] == "Peelian: published: town, night of 2018-04-20"
    assert message["Message-ID"] == f"<{notices.newest()[0].id}@example.org>"
    assert "6 maps, 24 boxes" in message.get_content()
    assert "https://peelian.example.org/" in message.get_content()


def test_a_mailbox_that_refuses_or_a_server_that_is_not_there_is_tried_again(
    site_home: Path, town: dict[str, Any]
) -> None:
    del town
    at = NIGHT
    with mail_server() as mailbox:
        mailbox.refuses = True
        _subscribe("nobody@example.org")
        _put()
        (refused,) = _notify(site_home, at, host="127.0.0.1", port=mailbox.port)
        assert "no such mailbox" in refused.error
    (gone,) = _notify(site_home, refused.again, host="127.0.0.1", port=1)
    assert "ConnectionRefusedError" in gone.error
    (unset,) = _notify(site_home, gone.again)
    assert "[mail] host" in unset.error


def test_a_line_break_in_what_is_told_makes_no_header(site_home: Path, town: dict[str, Any]) -> None:
    del town
    with mail_server() as mailbox:
        _subscribe("sergeant@example.org")
        _put(night="2018-04-20\r\nBcc: someone@example.org")
        (told,) = _notify(site_home, NIGHT, host="127.0.0.1", port=mailbox.port)
    assert mailbox.messages == []
    assert "ValueError" in told.error


def test_one_slow_or_broken_receiver_keeps_no_other_waiting(site_home: Path, town: dict[str, Any]) -> None:
    del town
    with webhook_receiver() as receiver:
        _subscribe("http://127.0.0.1:1/nobody")
        _subscribe(receiver.address)
        _put("one")
        _put("two")
        done = _notify(site_home, NIGHT)
    assert sorted(bool(t.error) for t in done) == [False, False, True], "after a failure its others wait"
    assert len(receiver.taken) == 2


def test_a_night_that_is_not_there_in_time_is_told_once(site_home: Path, town: dict[str, Any]) -> None:
    del town
    with webhook_receiver() as receiver:
        _subscribe(receiver.address)
        early = AT.replace(hour=11, minute=59)  # 6:59 in the town; the night of the 21st is expected by seven
        assert _notify(site_home, early) == []
        (told,) = _notify(site_home, AT)
        assert told.occasion == "night.late"
        assert _notify(site_home, AT + timedelta(hours=2)) == []
        (next_day,) = _notify(site_home, AT + timedelta(days=1))
        assert next_day.occasion == "night.late"
    body = json.loads(receiver.taken[0][1])
    assert (body["force"], body["night"]) == ("town", "2018-04-21")
    assert body["expected_by"] == "2018-04-21T07:00-05:00"
    assert body["last"] == "It was not tried."


def test_no_night_is_late_while_switched_off_or_before_the_first_or_when_it_stands(town: dict[str, Any]) -> None:
    del town
    from peelian.jobs.notify import tell_if_late
    from peelian.store import nights, runs
    from peelian.store.nights import NightRun

    assert tell_if_late(TOWN, 7, AT)
    assert not tell_if_late(TOWN, 7, AT - timedelta(days=1)), "the night of the 20th stands"
    nights.switch("town", is_off=True, reason="a review", by="the panel", at=AT)
    assert not tell_if_late(TOWN, 7, AT)
    nights.switch("town", is_off=False, reason="done", by="the panel", at=AT + timedelta(seconds=1))
    NightRun.objects.all().delete()
    assert runs.nights_done("town") == set()
    assert not tell_if_late(TOWN, 7, AT)


def test_a_notice_is_kept_with_the_publication_or_not_at_all(town: dict[str, Any]) -> None:
    del town
    from django.db import transaction

    from peelian.store import notices

    _subscribe("https://example.org/hook")
    with transaction.atomic():
        notices.put(notices.Occasion.PUBLISHED, "town", "never", {}, AT)
        assert len(notices.newest()) == 1
        transaction.set_rollback(True)
    assert notices.newest() == ()
    _put("same")
    _put("same")
    assert len(notices.newest()) == 1


def test_only_who_wants_it_is_told(town: dict[str, Any]) -> None:
    del town
    from peelian.records.access import program
    from peelian.store import notices

    kept = _subscribe("https://example.org/a", "night.published")[0]
    _subscribe("https://example.org/b", "night.late")
    _subscribe("https://example.org/c", "night.published", forces=["elsewhere"])
    gone = _subscribe("https://example.org/d", "night.published")[0]
    notices.end(program("a test"), gone.id, at=AT)
    _put()
    assert [d.subscription for d in notices.due(AT)] == [kept.id]
    notices.end(program("a test"), kept.id, at=AT)
    assert notices.due(AT) == ()


def test_the_nightly_job_itself_tells_of_its_night(site_home: Path, database_url: str, town: dict[str, Any]) -> None:
    """The whole way: the command subscribes, the night publishes and sends, late and again."""
    del town
    env = {"DATABASE_URL": database_url}
    with webhook_receiver() as receiver:
        toml = (site_home / "peelian.toml").read_text(encoding="utf-8")
        (site_home / "peelian.toml").write_text(
            f'{toml}\n[notices]\nprivate_networks = ["127.0.0.0/8"]\nexpected_by = 0\n', encoding="utf-8"
        )
        added = peelian("notices", "add", receiver.address, "--name", "hook", home=site_home, env=env)
        assert added.returncode == 0, added.stderr
        secret = added.stdout.splitlines()[-1]
        assert peelian("notices", "try", "1", home=site_home, env=env).returncode == 0
        receiver.taken.clear()
        done = peelian("night", "--on", "2018-04-21", home=site_home, env=env)
        assert done.returncode == 0, done.stderr
        published = [body for _, body in receiver.taken if json.loads(body)["event"] == "night.published"]
        (told,) = [json.loads(body) for body in published]
        assert (told["force"], told["night"], told["maps"]) == ("town", "2018-04-21", 6)
        assert secret not in str(receiver.taken)
        # The true clock is years on and a night is expected by midnight: today's is late, which the trial had found.
        listed = peelian("notices", "list", home=site_home, env=env).stdout
        for event in ("night.published", "night.late", "trial"):
            assert f"{event} to hook, 1 tries, told" in listed, listed
        assert peelian("notices", "end", "1", home=site_home, env=env).returncode == 0
    told_nothing = peelian("notify", home=site_home, env=env)
    assert told_nothing.returncode == 0
    assert "nothing to tell" in told_nothing.stdout


def test_the_page_is_the_administrators_and_shows_a_secret_once(town: dict[str, Any]) -> None:
    from peelian.store import audit, notices
    from peelian.store.notices import Subscription

    form = {"name": "<i>hall</i>", "address": "https://example.org/hook", "occasions": ["night.late"], "forces": ""}
    client = client_of(town["administrator"])
    made = client.post("/notices/", form).content.decode()
    secret = Subscription.objects.get().secret
    assert secret in made
    assert secret not in client.get("/notices/").content.decode()
    assert "&lt;i&gt;hall" in made
    assert secret not in str(audit.search(audit.Search(), most=1))
    notices.put_trial(1, AT)
    assert "trial" in client.get("/notices/").content.decode()
    assert client.post("/notices/", {**form, "address": "ftp://x/"}).status_code == 400
    assert client_of(town["analyst"]).post("/notices/", form).status_code == 403
    assert client.post("/notices/1/end/").status_code == 302
    assert notices.subscriptions()[0].ended_at is not None


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ('[notices]\nprivate_networks = ["10.0.0.1/8"]\n', "private_networks"),
        ("[notices]\nexpected_by = 24\n", "expected_by"),
        ('[mail]\nsecurity = "hope"\n', "security"),
        ('[mail]\nhost = "mail.example.org"\n', "sender"),
        ('[mail]\nhost = "mail.example.org"\nsender = "a@b.org"\nuser = "u"\nsecurity = "none"\n', "unsealed"),
        ('mail_password = "x"\n', "PEELIAN_MAIL_PASSWORD"),
        ("[notices]\nexpected = 7\n", "did you mean"),
    ],
)
def test_a_setting_that_cannot_be_is_said_in_a_sentence(site_home: Path, written: str, said: str) -> None:
    toml = site_home / "peelian.toml"
    toml.write_text(f"{written}\n{toml.read_text(encoding='utf-8')}", encoding="utf-8")
    done = peelian("notify", home=site_home)
    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr
