"""Search finds what people type, says why, and tells nothing of what is kept close; one suite on both databases."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.integration.records.conftest import ANN, BEN, WHY, Store
from tests.postgresql_server import Server

from peelian.errors import NotAllowedError, RecordError
from peelian.records.access import Actor, Role
from peelian.records.marking import Marking, Sensitivity
from peelian.records.queries import Filters, Near

SEALED = Marking(Sensitivity.SEALED, "", "DI Rees", frozenset({9}))


@pytest.mark.parametrize(
    "query",
    [
        "Todd Hamilton",
        "hamilton todd",
        "tod hamliton",
        "Hamilton, T.",
        "T Hamilton",
        "Hamiltn",
        "TODD HAMILTÖN",
        "Тодд Гамильтон",
        "todd hamil",
    ],
)
def test_name_is_found_however_it_is_written(store: Store, query: str) -> None:
    todd = store.add("person", given_name="Todd", surname="Hamilton")
    store.add("person", given_name="Ada", surname="Byron")
    assert store.ids(query) == [todd]


def test_name_in_a_script_without_vowels_is_found_in_its_own(store: Store) -> None:
    one = store.add("person", name="حسن علي")
    two = store.add("person", name="Hassan Ali")
    assert store.ids("علي حسن") == [one]
    assert store.ids("hassan ali") == [two]


def test_name_word_for_word_stands_before_one_with_a_slip(store: Store) -> None:
    slip = store.add("person", given_name="Todd", surname="Hamiltan")
    exact = store.add("person", given_name="Todd", surname="Hamilton")
    page = store.find("Todd Hamilton")
    assert [h.record for h in page.hits] == [exact, slip]
    assert page.hits[0].why[0].how == "word for word"
    assert "one slip" in page.hits[1].why[0].how


def test_name_of_three_letters_is_not_mistaken_for_another(store: Store) -> None:
    store.add("person", given_name="Kim", surname="Lee")
    assert store.ids("Kim Leo") == []


@pytest.mark.parametrize("query", ["RY52 APF", "ry52apf", "RY52-APF", "ry 52 apf", "y52a"])
def test_plate_is_found_in_any_format_and_by_a_piece(store: Store, query: str) -> None:
    van = store.add("vehicle", registration="RY52 APF", make="Ford", model="Transit")
    store.add("vehicle", registration="LW72 POF")
    assert store.ids(query) == [van]


def test_plate_with_o_is_found_with_nought(store: Store) -> None:
    van = store.add("vehicle", registration="LO52 API")
    assert store.ids("L052 AP1") == [van]


@pytest.mark.parametrize("query", ["07700 900123", "+44 7700 900123", "0044 7700 900123", "(07700) 900-123", "900123"])
def test_phone_is_found_in_any_format_and_by_its_end(store: Store, query: str) -> None:
    phone = store.add("phone", number="+44 (0)7700 900123")
    store.add("phone", number="07700 900999")
    assert store.ids(query) == [phone]


@pytest.mark.parametrize(
    "query",
    ["178 Polding Street", "polding st 178", "178 Poldng Street", "178 Polding St WN3 4NL", "WN3 4NL", "wn34nl"],
)
def test_address_is_found_as_people_write_it(store: Store, query: str) -> None:
    home = store.add("address", address="178 Polding Street", postcode="WN3 4NL")
    store.add("address", address="17 Poulter Road", postcode="WN3 5AA")
    assert store.ids(query)[0] == home


def test_another_house_number_is_another_house(store: Store) -> None:
    store.add("address", address="178 Polding Street")
    assert store.ids("179 Polding Street") == []


@pytest.mark.parametrize("query", ["06/1829/17", "06182917", "1829/17"])
def test_crime_number_is_found_whole_and_in_part(store: Store, query: str) -> None:
    crime = store.add("crime", reference="06/1829/17", crime_type="Burglary")
    assert store.ids(query) == [crime]


@pytest.mark.parametrize("query", ["blue bicycle", "bicycles", "stealing bicycle", "BICYCLE stolen"])
def test_words_of_a_narrative_are_found_in_any_form(store: Store, query: str) -> None:
    crime = store.add(
        "crime", crime_type="Other theft", narrative="Two blue bicycles were stolen; a man was seen stealing."
    )
    store.add("crime", crime_type="Other theft", narrative="A window was broken.")
    assert store.ids(query) == [crime]


def test_hit_in_a_text_shows_the_words_around(store: Store) -> None:
    store.add("crime", narrative="The witness on the corner saw a green van leave at speed towards the canal.")
    why = store.find("green van").hits[0].why[0]
    assert why.property == "What happened"
    assert "green van" in why.text


def test_make_and_model_are_found_together_though_they_are_two_properties(store: Store) -> None:
    van = store.add("vehicle", registration="AB12 CDE", make="Ford", model="Transit")
    store.add("vehicle", registration="AB12 CDF", make="Ford", model="Focus")
    assert store.ids("ford transit") == [van]


def test_filters_narrow_by_type_area_time_crime_type_and_distance(store: Store) -> None:
    where = "EPSG:27700 384000.0 398000.0 exact"
    near = store.add("address", address="1 High Street", point=where)
    far = store.add("address", address="1 Far Street", point="EPSG:27700 390000.0 398000.0 exact")
    one = store.add("crime", crime_type="Burglary", happened="2026-02-01", marking=Marking(area="north"))
    two = store.add("crime", crime_type="Robbery", happened="2026-02-03T10:00+00:00", marking=Marking(area="south"))
    store.tie("occurred-at", one, near)
    store.tie("occurred-at", two, far)
    circle = Near("EPSG:27700", 384300.0, 398000.0, 500.0)
    assert store.ids("", Filters(types=("crime",))) == [two, one]
    assert store.ids("", Filters(areas=("north",))) == [one]
    assert store.ids("", Filters(crime_types=("Robbery",))) == [two]
    assert store.ids("", Filters(types=("crime",), near=circle)) == [one]
    assert store.find("", Filters(types=("crime",), near=circle)).hits[0].distance_m == 300.0
    feb2 = datetime(2026, 2, 2, tzinfo=UTC)
    assert store.ids("", Filters(types=("crime",), since=feb2)) == [two]
    assert store.ids("", Filters(types=("crime",), until=feb2)) == [one]
    assert store.ids("street", Filters(near=circle)) == [near]


def test_pages_tile_the_hits(store: Store) -> None:
    for n in range(7):
        store.add("person", given_name="Mary", surname="Smith", key=f"k{n}")
    pages = [store.find("mary smith", page=p, size=3) for p in (1, 2, 3)]
    found = [h.record for p in pages for h in p.hits]
    assert len(found) == len(set(found)) == 7
    assert {p.found for p in pages} == {7}


def test_sealed_record_is_no_hit_and_is_told_of_only_to_the_letter(store: Store) -> None:
    store.add("person", given_name="Vera", surname="Lightfoot", note="moved to Ullswater", marking=SEALED)
    exact = store.find("Vera Lightfoot")
    assert exact.hits == ()
    assert exact.notices == ("A record exists. Ask DI Rees.",)
    for query in ("Vera Lightfot", "Lightfoot", "ullswater", "vera"):
        page = store.find(query)
        assert (page.hits, page.found, page.notices) == ((), 0, ()), query


def test_filters_do_not_tell_what_a_sealed_record_is(store: Store) -> None:
    store.add("vehicle", registration="VE12 RAX", marking=SEALED)
    for kind in ("vehicle", "person"):
        page = store.find("VE12 RAX", Filters(types=(kind,)))
        assert (page.hits, page.notices) == ((), ("A record exists. Ask DI Rees.",))
    assert store.ids("", Filters(types=("vehicle",))) == []


def test_sealed_record_is_a_hit_for_who_is_cleared(store: Store) -> None:
    vera = store.add("person", given_name="Vera", surname="Lightfoot", marking=SEALED)
    cleared = Actor(9, "Rees", Role.SERGEANT, ())
    assert store.ids("vera lightfoot", actor=cleared) == [vera]


def test_restricted_record_is_read_in_its_area_alone(store: Store) -> None:
    marking = Marking(Sensitivity.RESTRICTED, "north", "the desk of North")
    one = store.add("person", given_name="Noel", surname="Quimby", marking=marking)
    south = Actor(11, "Sue", Role.OFFICER, ("south",))
    assert store.ids("noel quimby", actor=BEN) == [one]
    page = store.find("noel quimby", actor=south)
    assert (page.hits, page.notices) == ((), ("A record exists. Ask the desk of North.",))


@pytest.mark.parametrize("role", [Role.EVALUATOR, Role.OVERSEER, Role.PUBLIC])
def test_who_does_not_work_with_records_finds_none(sqlite_store: Store, role: Role) -> None:
    with pytest.raises(NotAllowedError):
        sqlite_store.find("anything", actor=Actor(12, "Eve", role, ("*",)))


def test_search_leaves_a_line_with_its_purpose_and_its_hits(store: Store) -> None:
    from peelian.store import audit

    todd = store.add("person", given_name="Todd", surname="Hamilton")
    store.find("todd hamilton")
    line = audit.search(audit.Search(), most=1)[0]
    assert (line.act, line.purpose, line.details["hits"]) == ("consulted", WHY.text, [todd])
    assert audit.verify().is_whole


def test_query_that_says_nothing_or_too_much_is_an_error_in_a_sentence(sqlite_store: Store) -> None:
    for query in ("", "   ", "x" * 300, "a\0b"):
        with pytest.raises(RecordError):
            sqlite_store.find(query)


@pytest.mark.parametrize("query", ["'; DROP TABLE record; --", '" OR 1=1', "a* NEAR b", "&|!:()", "%_%", "((("])
def test_hostile_query_is_only_a_query(store: Store, query: str) -> None:
    store.add("person", given_name="Todd", surname="Hamilton")
    assert store.find(query).hits == ()


def test_corrected_name_is_found_and_the_wrong_one_is_not(store: Store) -> None:
    from peelian.store.records.writing import Told, state

    todd = store.add("person", given_name="Todd", surname="Hamilton")
    wrong = next(s for s in store.show(todd).statements if s.property == "surname")
    state(store.rules.catalogue, todd, "surname", "Fothergill", Told("passport"), store.by(ANN, 1), corrects=wrong.id)
    assert store.ids("todd fothergill") == [todd]
    assert store.ids("hamilton") == []


def test_beginning_and_slips_of_a_word_are_found_whatever_language_the_server_speaks(
    server: Server, tmp_path: Path
) -> None:
    import psycopg
    from django.db import connections

    from peelian.store.database import open_database
    from peelian.store.records.rules import read_rules

    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute(
            "CREATE DATABASE in_english TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER icu ICU_LOCALE 'en-GB'"
        )
    open_database(tmp_path, server.url("in_english"))
    store = Store(tmp_path, read_rules(tmp_path), "postgresql")
    todd = store.add("person", given_name="Todd", surname="Hamilton")
    assert store.ids("ham") == store.ids("tod hamliton") == [todd]
    connections["default"].close()
    server.drop("in_english")


def test_of_more_than_are_ranked_the_word_itself_comes_before_one_like_it_and_the_newest_first(store: Store) -> None:
    from peelian.records.drafts import RecordDraft
    from peelian.store.records.candidates import MOST

    def people(surname: str, n: int) -> list[RecordDraft]:
        return [RecordDraft("person", f"{surname} {i}", {"surname": (surname,)}) for i in range(n)]

    store.take("feed", [*people("Hamiltan", 5), *people("Hamilton", MOST - 3), *people("Hamiltun", 5)], [])
    page = store.find("hamilton", size=MOST)
    titles = [h.title for h in page.hits]
    assert page.is_capped
    assert titles == ["Hamilton"] * (MOST - 3) + ["Hamiltan"] * 3
    store.take("more", people("Hamilton", MOST), [])
    page = store.find("hamilton", size=MOST)
    numbers = [h.record for h in page.hits]
    assert numbers == list(range(max(numbers), max(numbers) - MOST, -1))


def test_texts_are_found_the_newest_first_however_long_ago_they_were_told(store: Store) -> None:
    from peelian.records.drafts import RecordDraft

    n_texts = 6_200
    with_van = (0, 100, 150, n_texts - 1)
    texts = ["a green van" if n in with_van else f"a blue van {n}" for n in range(n_texts)]
    store.take("feed", [RecordDraft("crime", f"{n}", {"narrative": (text,)}) for n, text in enumerate(texts)], [])
    newest, *older = store.ids("green van")
    assert [newest - record for record in older] == [n_texts - 1 - n for n in (150, 100, 0)]
    page = store.find("blue", size=300)
    assert page.is_capped
    assert page.hits[0].record == newest - 1
    assert page.hits[-1].record == newest - 300


def test_index_made_anew_finds_the_same(store: Store) -> None:
    from peelian.store.records.rebuilding import rebuild

    place = store.add("address", address="1 High Street", point="EPSG:27700 384000.0 398000.0 exact")
    crime = store.add("crime", crime_type="Burglary", narrative="a green van", reference="AB/12")
    store.tie("occurred-at", crime, place)
    queries = ["high street", "green van", "AB12"]
    before = [store.ids(q) for q in queries]
    near = Filters(types=("crime",), near=Near("EPSG:27700", 384000.0, 398000.0, 10.0))
    assert store.ids("", near) == [crime]
    assert rebuild(store.rules.catalogue, store.by().at) == 2
    assert [store.ids(q) for q in queries] == before
    assert store.ids("", near) == [crime]
