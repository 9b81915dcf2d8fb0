"""What the tests of the records' pages share: records and ties made as an account, a client that has said what for."""

from types import MappingProxyType
from typing import Any

from tests.site_home import client_of

WHY = "burglary 17: who had the van"


def by(account: Any) -> Any:  # noqa: ANN401 - a value from behind Django
    """Return who changes something, now."""
    from peelian.store.nights import utc_now
    from peelian.store.records.writing import By

    return By(account.actor(), utc_now())


def add(account: Any, kind: str, marking: Any = None, **values: str) -> int:  # noqa: ANN401 - as above
    """Open a record and return its number."""
    from peelian.records.drafts import RecordDraft
    from peelian.records.marking import Marking
    from peelian.site.records.frame import rules
    from peelian.store.records.writing import open_record

    told = {name.replace("_", "-"): (value,) for name, value in values.items()}
    draft = RecordDraft(kind, "", MappingProxyType(told), marking or Marking())
    return open_record(rules().catalogue, rules().policy, draft, by(account))


def tie(account: Any, link: str, start: int, end: int) -> int:  # noqa: ANN401 - as above
    """Tie two records and return the link's number."""
    from peelian.site.records.frame import catalogue
    from peelian.store.records.writing import Told
    from peelian.store.records.writing import tie as tie_records

    return tie_records(catalogue(), link, start, end, Told("form"), by(account)).id


def sealed(account: Any) -> Any:  # noqa: ANN401 - as above
    """Return a marking under which this account alone reads."""
    from peelian.records.marking import Marking, Sensitivity

    return Marking(Sensitivity.SEALED, keeper="Inspector Eve", cleared=frozenset({account.pk}))


def reader(account: Any) -> Any:  # noqa: ANN401 - as above
    """Return a client of the account that has said what records are read for."""
    client = client_of(account)
    answer = client.post("/records/purpose/", {"purpose": WHY, "next": "/records/?q=x"})
    assert (answer.status_code, answer["Location"]) == (302, "/records/?q=x")
    return client
