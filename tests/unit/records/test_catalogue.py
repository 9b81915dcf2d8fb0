"""Types of records are data: every shipped one is sound, and a file that is not is refused in a sentence."""

import pytest

from peelian.errors import RecordError
from peelian.records.catalogue import SAME_AS, Family, Kind, read_catalogue, shipped
from peelian.records.formats import camel, kebab, read_table, sdm_names

BOAT = """name = "boat"
family = "objects"
label = "Boat"
title = [["hull"]]
[properties]
hull = { kind = "plate", label = "Hull" }
"""


def test_shipped_types_cover_the_four_families() -> None:
    catalogue = shipped()
    assert {t.family for t in catalogue.types.values()} == set(Family)
    assert {
        "person",
        "organisation",
        "vehicle",
        "phone",
        "email",
        "object",
        "address",
        "place",
        "crime",
        "incident",
    } <= set(catalogue.types)
    assert catalogue.links[SAME_AS].same
    assert {p.kind for t in catalogue.types.values() for p in t.properties.values()} == set(Kind)


def test_every_text_that_a_person_types_is_marked_personal() -> None:
    for kind in shipped().types.values():
        for prop in kind.properties.values():
            if prop.kind is Kind.TEXT and prop.name in ("note", "narrative", "charge"):
                assert prop.personal, f"{kind.name}.{prop.name}"


def test_crime_s_time_and_place_are_not_personal() -> None:
    crime = shipped().types["crime"]
    assert [n for n in ("crime-type", "happened", "point", "origin", "reported") if crime.properties[n].personal] == []


def test_type_and_link_of_a_force_s_own_come_on_top() -> None:
    link = '[links.sails]\nlabel = "sails"\nback = "is sailed by"\nstart = ["person"]\nend = ["boat"]\n'
    own = read_catalogue([("boat.toml", BOAT + link)], shipped())
    assert own.type("boat").property("hull").kind is Kind.PLATE
    assert own.check_link("sails", "person", "boat").label == "sails"
    assert "boat" not in shipped().types


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("=", "TOML"),
        (BOAT.replace("plate", "plait"), "known are text"),
        (BOAT.replace('label = "Hull"', 'labl = "Hull"'), "did you mean 'label'"),
        (BOAT.replace("objects", "things"), "known are people"),
        (BOAT.replace('[["hull"]]', '[["mast"]]'), "title names 'mast'"),
        (BOAT.replace('"boat"', '"Boat!"'), "lower-case"),
        (BOAT.replace('label = "Boat"\n', ""), "'label' is missing"),
        ('[links.x]\nlabel = "x"\nback = "x"\nstart = ["ghost"]\nend = ["person"]\n', "'ghost'"),
        (BOAT + "[links.x]\nlabel = 'x'\n", "'back' is missing"),
    ],
)
def test_unsound_file_is_refused_with_the_mend(text: str, words: str) -> None:
    with pytest.raises(RecordError, match=words.replace("[", r"\[")):
        read_catalogue([("boat.toml", text)], shipped())


def test_unknown_type_property_and_link_name_the_nearest() -> None:
    catalogue = shipped()
    with pytest.raises(RecordError, match="did you mean 'person'"):
        catalogue.type("persn")
    with pytest.raises(RecordError, match="did you mean 'surname'"):
        catalogue.type("person").property("surnme")
    with pytest.raises(RecordError, match="did you mean 'lives-at'"):
        catalogue.link("lives-in")


def test_names_of_other_formats_lead_back_to_ours() -> None:
    names = sdm_names()
    for kind in shipped().types.values():
        assert names.ours("types", names.theirs("types", kind.name)) == kind.name
        for prop in kind.properties:
            assert names.ours("properties", names.theirs("properties", prop)) == prop
    for link in shipped().links:
        assert names.ours("links", names.theirs("links", link)) == link
    assert kebab(camel("date-of-birth")) == "date-of-birth"


def test_tables_of_other_formats_name_only_what_is_ours() -> None:
    table = read_table("followthemoney")
    for name, body in table["types"].items():
        for prop in body["properties"].values():
            shipped().type(name).property(prop)
    for body in [*table["links"].values(), *table["references"].values()]:
        for pair, link in body["links"].items():
            start, end = pair.split()
            shipped().check_link(link, start, end)
    for kind, prop, link in table["own"].values():
        shipped().type(kind).property(prop)
        shipped().check_link(link, "person", kind)
