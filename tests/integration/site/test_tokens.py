"""The page and the command of tokens: shown once, hashed at rest, one's own, in the log."""

import re
from pathlib import Path
from typing import Any

from tests.homes import peelian
from tests.site_home import client_of

FORM = {"name": "QGIS <b>at</b> the desk", "scopes": ["nights", "boxes"], "areas": "", "days": "30"}
TEXT = re.compile(r"peelian_[A-Za-z0-9_-]{43}")


def test_a_new_token_is_shown_once_and_works(town: dict[str, Any]) -> None:
    client = client_of(town["sergeant"])
    made = client.post("/account/tokens/", FORM)
    assert made.status_code == 200
    (text,) = TEXT.findall(made.content.decode())
    again = client.get("/account/tokens/").content.decode()
    assert not TEXT.search(again)
    assert "QGIS &lt;b&gt;at&lt;/b&gt; the desk" in again
    assert client_of(headers={"Authorization": f"Bearer {text}"}).get("/api/v1/boxes").status_code == 200


def test_a_token_is_kept_as_a_hash_and_in_no_log(town: dict[str, Any]) -> None:
    from django.db import connection

    from peelian.store import audit
    from peelian.store.tokens import ApiToken

    made = client_of(town["sergeant"]).post("/account/tokens/", FORM)
    (text,) = TEXT.findall(made.content.decode())
    tables = connection.introspection.table_names()
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f'SELECT * FROM "{table}"')  # noqa: S608 - a table's own name
            assert text.removeprefix("peelian_") not in str(cursor.fetchall()), table
    line = audit.search(audit.Search(), most=1)[0]
    assert line.record == f"token/{ApiToken.objects.get().pk}"
    assert line.actor == town["sergeant"].pk
    assert audit.verify().is_whole


def test_nobody_revokes_the_token_of_another_by_the_page(town: dict[str, Any]) -> None:
    from peelian.store import tokens

    client_of(town["sergeant"]).post("/account/tokens/", FORM)
    number = tokens.tokens()[0].id
    assert client_of(town["administrator"]).post(f"/account/tokens/{number}/revoke/").status_code == 404
    assert tokens.tokens()[0].revoked_at is None
    assert client_of(town["sergeant"]).get(f"/account/tokens/{number}/revoke/").status_code == 405
    assert client_of(town["sergeant"]).post(f"/account/tokens/{number}/revoke/").status_code == 302
    assert tokens.tokens()[0].revoked_at is not None


def test_what_the_page_refuses_it_says_and_keeps_what_was_typed(town: dict[str, Any]) -> None:
    client = client_of(town["north"])
    for change, said in (
        ({"areas": "South"}, "does not see South"),
        ({"scopes": ["history"]}, "history is not one of the available choices"),
        ({"scopes": []}, "This field is required"),
        ({"days": "400"}, "less than or equal to 366"),
        ({"name": "a\x00b"}, "hidden character"),
        ({"name": ""}, "This field is required"),
    ):
        answer = client.post("/account/tokens/", {**FORM, "name": "kept words", **change})
        assert answer.status_code == 400, change
        assert said in answer.content.decode(), change
        if "name" not in change:
            assert 'value="kept words"' in answer.content.decode()


def test_a_form_without_its_token_of_the_session_makes_nothing(town: dict[str, Any]) -> None:
    from peelian.store import tokens

    client = client_of(town["sergeant"], enforce_csrf_checks=True)
    assert client.post("/account/tokens/", FORM).status_code == 403
    assert tokens.tokens() == ()


def test_command_makes_lists_and_revokes(site_home: Path, database_url: str, town: dict[str, Any]) -> None:
    env = {"DATABASE_URL": database_url}
    made = peelian("token", "add", "analyst", "--name", "a harvester", "--scope", "scores", home=site_home, env=env)
    assert made.returncode == 0, made.stderr
    (text,) = TEXT.findall(made.stdout)
    client = client_of(headers={"Authorization": f"Bearer {text}"})
    assert client.get("/api/v1/scores").status_code == 200
    listed = peelian("token", "list", home=site_home, env=env)
    assert "a harvester, scores" in listed.stdout
    assert text not in listed.stdout
    number = listed.stdout.partition(":")[0]
    assert peelian("token", "revoke", number, home=site_home, env=env).returncode == 0
    assert client.get("/api/v1/scores").status_code == 401
    for words, status in (
        (("add", "officer", "--name", "x", "--scope", "history"), 1),
        (("add", "analyst", "--name", "x", "--scope", "everything"), 2),
        (("add", "nobody", "--name", "x"), 1),
        (("revoke", "999"), 1),
    ):
        refused = peelian("token", *words, home=site_home, env=env)
        assert refused.returncode == status, words
        assert "Traceback" not in refused.stderr
    del town
