"""Exact keys: what counts as the same number, and what a rule proposes."""

import pytest
from tests.linkage_records import people

from peelian.linkage import EntityType, LinkageSettings, propose, records_of
from peelian.linkage.exact import RULES, code_key, email_key, organisation_key, phone_key

RULES_ALONE = LinkageSettings(is_weighed=False)


@pytest.mark.parametrize("written", ["020 7946 0018", "+44 (0)20 7946 0018", "0044 20 7946 0018", "02079460018"])
def test_a_phone_number_is_one_however_it_is_written(written: str) -> None:
    assert phone_key(written) == phone_key("+442079460018") != ""


@pytest.mark.parametrize("written", ["", "unknown", "12", "+", "0" * 40, "hello"])
def test_what_can_be_no_phone_number_is_no_key(written: str) -> None:
    assert phone_key(written) == ""


@pytest.mark.parametrize("written", ["", "n/a", "UNKNOWN", "Not known", "000000", "---"])
def test_what_stands_for_not_knowing_is_no_code(written: str) -> None:
    assert code_key(written) == ""


@pytest.mark.parametrize("written", ["", "a@b", "a b@c.org", "@c.org", "two@at@c.org"])
def test_what_is_no_address_of_a_mailbox_is_no_key(written: str) -> None:
    assert email_key(written) == ""


def test_a_firm_keeps_its_name_through_its_legal_form() -> None:
    assert organisation_key("Smith & Sons Ltd.") == organisation_key("SMITH AND SONS LIMITED") == "smith sons"


@pytest.mark.parametrize(
    ("entity_type", "one", "other", "reason"),
    [
        (EntityType.VEHICLE, {"plate": "ab12 cde"}, {"plate": "AB12-CDE"}, "same registration plate"),
        (
            EntityType.VEHICLE,
            {"vin": "WVWZZZ1JZ3W386752"},
            {"vin": "wvwzzz 1jz3w386752"},
            "same vehicle identification number",
        ),
        (EntityType.PHONE, {"phone": "07700 900123"}, {"phone": "+447700900123"}, "same phone number"),
        (EntityType.PHONE, {"imei": "49-015420-323751-8"}, {"imei": "490154203237518"}, "same IMEI"),
        (EntityType.ADDRESS, {"uprn": "10033544614"}, {"uprn": "10033544614"}, "same UPRN"),
        (
            EntityType.ADDRESS,
            {"address": "12 High Street", "postcode": "M1 1AE"},
            {"address": "12, High St.", "postcode": "m11ae"},
            "same address and postcode",
        ),
        (
            EntityType.ORGANISATION,
            {"company_number": "SC 123456"},
            {"company_number": "sc123456"},
            "same company number",
        ),
        (EntityType.PERSON, {"document_number": "AB 123"}, {"document_number": "ab123"}, "same document number"),
        (EntityType.PERSON, {"email": "A.Novak@Example.org"}, {"email": "a.novak@example.org "}, "same e-mail address"),
        (
            EntityType.PERSON,
            {"given_name": "Zoë", "surname": "O’Neill", "date_of_birth": "1980-03-04", "postcode": "M1 1AE"},
            {"given_name": "ZOE", "surname": "O'Neill", "date_of_birth": "19800304", "postcode": "m11ae"},
            "same name, date of birth and postcode",
        ),
    ],
)
def test_a_rule_proposes_with_its_reason_and_without_a_weight(
    entity_type: EntityType, one: dict[str, str | None], other: dict[str, str | None], reason: str
) -> None:
    records = records_of(entity_type, [{"record_id": "a", **one}, {"record_id": "b", **other}])
    (proposal,) = propose(records, LinkageSettings(entity_type, is_weighed=False))
    assert (proposal.left_id, proposal.right_id) == ("a", "b")
    assert proposal.reasons == (reason,)
    assert (proposal.probability, proposal.weight, proposal.parts) == (None, None, ())
    assert list(proposal.waterfall()) == []


def test_every_type_has_its_rules() -> None:
    assert set(RULES) == set(EntityType)


def test_a_pair_of_several_rules_is_proposed_once_with_every_reason() -> None:
    same: dict[str, str | None] = {"email": "a@example.org", "phone": "020 7946 0018"}
    (proposal,) = propose(people(same, same), RULES_ALONE)
    assert proposal.reasons == ("same e-mail address", "same phone number")


def test_every_value_of_a_record_is_a_key() -> None:
    one: dict[str, str | None] = {"phone": "020 7946 0018\n07700 900123", "email": "a@example.org"}
    other: dict[str, str | None] = {"phone": "07700 900456\n\n+44 7700 900123", "email": "b@example.org\nA@example.org"}
    (proposal,) = propose(people(one, other), RULES_ALONE)
    assert proposal.reasons == ("same e-mail address", "same phone number")


def test_two_addresses_of_one_street_stay_two() -> None:
    rows = [
        {"record_id": number, "address": f"{number} High Street", "postcode": "M1 1AE"}
        for number in ("12", "14", "112")
    ]
    assert len(propose(records_of(EntityType.ADDRESS, rows))) == 0


def test_a_switchboard_proposes_nobody_and_is_named() -> None:
    proposals = propose(people(*[{"phone": "020 7946 0018"}] * 21), RULES_ALONE)
    assert len(proposals) == 0
    assert proposals.remarks == ("same phone number as record r0: 21 records share it; it tells none of them apart.",)


def test_a_plate_on_very_many_records_ties_each_to_the_first() -> None:
    rows = [{"record_id": f"v{place:04d}", "plate": "AB12 CDE"} for place in range(1000)]
    proposals = propose(records_of(EntityType.VEHICLE, rows))
    assert len(proposals) == 999
    assert set(proposals.table["left_id"]) == {"v0000"}
    assert proposals.remarks == (
        "same registration plate as record v0000: 1,000 records share it; each is proposed with it alone.",
    )
