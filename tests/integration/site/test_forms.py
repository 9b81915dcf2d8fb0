"""Forms of the site, all of them alike: what was typed is never lost, and what is sent twice is done once."""

import re
import threading
from typing import Any

import pytest
from tests.site_home import PASSWORD, client_of

PURPOSE = "/desk/cards/new/"
CARD = {
    "crime_type": "*",
    "goal": "Fewer burglaries\nin <b>North</b> – حي الشمال",
    "measure": "recorded burglaries",
    "owner": "the superintendent",
    "stop_rule": "no effect by spring",
    "expires": "2018-12-01",
}


def hidden(client: Any, address: str = PURPOSE) -> dict[str, str]:  # noqa: ANN401 - Django's client
    """What a form of a page carries unseen: its CSRF token and its own id."""
    text = client.get(address).content.decode()
    form = re.search(r'<form method="post"[^>]*class="stacked".*?</form>', text, re.DOTALL)
    assert form is not None, text
    return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', form.group()))


def cards() -> int:
    from peelian.store.nights import PurposeCardRow

    return PurposeCardRow.objects.count()


def sign_in(client: Any, name: str, **more: str) -> Any:  # noqa: ANN401 - Django's client and answer
    return client.post("/sign-in/", {"username": name, "password": PASSWORD, **more})


def test_session_that_ends_in_the_middle_of_a_form_loses_nothing_typed(town: dict[str, Any]) -> None:
    client, before = client_of(town["analyst"]), cards()
    unseen = hidden(client)
    client.cookies.pop("peelian_session")
    answer = client.post(PURPOSE, {**CARD, **unseen})
    assert answer.status_code == 302
    assert answer.headers["Location"] == "/sign-in/?next=%2Fkept%2F"
    assert "What you typed is kept" in client.get(answer.headers["Location"]).content.decode()
    assert cards() == before
    answer = sign_in(client, "analyst", next="/kept/")
    assert answer.headers["Location"] == "/kept/"
    page = client.get("/kept/").content.decode()
    assert "Fewer burglaries\nin &lt;b&gt;North&lt;/b&gt; – حي الشمال" in page
    assert unseen["form_id"] not in page
    sent = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page))
    answer = client.post(PURPOSE, {**CARD, **sent})
    assert answer.status_code == 302
    assert cards() == before + 1
    assert "Nothing waits" in client.get("/kept/").content.decode()


def test_what_one_typed_is_shown_to_nobody_else(town: dict[str, Any]) -> None:
    client = client_of(town["analyst"])
    unseen = hidden(client)
    client.cookies.pop("peelian_session")
    client.post(PURPOSE, {**CARD, **unseen})
    sign_in(client, "sergeant")
    page = client.get("/kept/").content.decode()
    assert "another account" in page
    assert "superintendent" not in page


def test_token_that_changed_in_another_window_loses_nothing_either(town: dict[str, Any]) -> None:
    client = client_of(town["analyst"], enforce_csrf_checks=True)
    unseen = hidden(client)
    client.cookies["csrftoken"] = "x" * 32
    answer = client.post(PURPOSE, {**CARD, **unseen})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/kept/")
    assert "superintendent" in client.get("/kept/").content.decode()


def test_form_that_we_never_drew_is_refused_and_nothing_of_it_is_kept(town: dict[str, Any]) -> None:
    client = client_of(town["analyst"], enforce_csrf_checks=True)
    client.get(PURPOSE)
    answer = client.post(PURPOSE, {**CARD, "form_id": "made-up.1:signature"})
    assert answer.status_code == 403
    assert "Nothing waits" in client.get("/kept/").content.decode()
    stranger = client_of()
    answer = stranger.post(PURPOSE, CARD)
    assert "next=%2Fdesk%2Fcards%2Fnew%2F" in answer.headers["Location"]
    assert "peelian_session" not in stranger.cookies


def test_passwords_are_never_kept(town: dict[str, Any]) -> None:
    client = client_of(town["analyst"])
    unseen = hidden(client, "/password/")
    client.cookies.pop("peelian_session")
    client.post(
        "/password/", {**unseen, "present": PASSWORD, "new": "another secret one", "again": "another secret one"}
    )
    sign_in(client, "analyst")
    assert "Nothing waits" in client.get("/kept/").content.decode()


def test_file_is_named_and_asked_for_again(town: dict[str, Any]) -> None:
    from django.core.files.uploadedfile import SimpleUploadedFile

    client = client_of(town["analyst"])
    unseen = hidden(client)
    client.cookies.pop("peelian_session")
    client.post(PURPOSE, {**CARD, **unseen, "photo": SimpleUploadedFile("a.jpg", b"x")})
    sign_in(client, "analyst")
    page = client.get("/kept/").content.decode()
    assert "Files cannot be kept" in page
    assert 'type="file"' in page
    assert "multipart/form-data" in page


def test_what_was_kept_can_be_thrown_away(town: dict[str, Any]) -> None:
    client = client_of(town["analyst"])
    unseen = hidden(client)
    client.cookies.pop("peelian_session")
    client.post(PURPOSE, {**CARD, **unseen})
    sign_in(client, "analyst")
    assert "Go on with it" in client.get("/desk/").content.decode()
    client.post("/kept/", {})
    assert "Go on with it" not in client.get("/desk/").content.decode()


def test_form_sent_twice_is_done_once_and_answered_alike(town: dict[str, Any]) -> None:
    client, before = client_of(town["analyst"]), cards()
    unseen = hidden(client)
    one, two = (client.post(PURPOSE, {**CARD, **unseen}) for _ in range(2))
    assert one.status_code == two.status_code == 302
    assert one.headers["Location"] == two.headers["Location"]
    assert cards() == before + 1


def test_form_with_a_mistake_may_be_sent_again(town: dict[str, Any]) -> None:
    client, before = client_of(town["analyst"]), cards()
    unseen = hidden(client)
    answer = client.post(PURPOSE, {**CARD, "owner": "", **unseen})
    assert answer.status_code == 400
    assert "Fewer burglaries" in answer.content.decode()
    assert client.post(PURPOSE, {**CARD, **unseen}).status_code == 302
    assert cards() == before + 1


def test_two_of_the_same_form_at_once_are_done_once(town: dict[str, Any]) -> None:
    from django.db import connections

    client, before = client_of(town["analyst"]), cards()
    unseen = hidden(client)
    answers = []

    def send() -> None:
        other = client_of(town["analyst"])
        answers.append(other.post(PURPOSE, {**CARD, **unseen}))
        connections.close_all()

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {(a.status_code, a.headers["Location"]) for a in answers} == {(302, answers[0].headers["Location"])}
    assert cards() == before + 1


def test_form_whose_process_died_says_that_nobody_knows(town: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    from peelian.site import once
    from peelian.store import sent_forms
    from peelian.store.nights import utc_now

    client, before = client_of(town["analyst"]), cards()
    unseen = hidden(client)
    mark = once._signer.unsign(unseen["form_id"]).rpartition(".")[0]
    assert sent_forms.claim(mark, town["analyst"].pk, PURPOSE, utc_now())
    monkeypatch.setattr(once, "WAIT_S", 0.1)
    answer = client.post(PURPOSE, {**CARD, **unseen})
    assert answer.status_code == 409
    assert "Look whether it is there" in answer.content.decode()
    assert cards() == before


def test_every_form_of_a_page_has_an_id_of_its_own(town: dict[str, Any]) -> None:
    page = client_of(town["analyst"]).get(PURPOSE).content.decode()
    ids = re.findall(r'name="form_id" value="([^"]+)"', page)
    assert len(ids) == page.count('method="post"') >= 2
    assert len(set(ids)) == len(ids)
