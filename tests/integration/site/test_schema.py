"""The interface does what its OpenAPI document says, whatever is asked: held by schemathesis, both ways in.

Examples are drawn from a fixed seed, so that a run repeats.
"""

from collections.abc import Callable
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS
from tests.integration.site.test_api import BOX, _token
from tests.site_home import client_of

#: Drawn for each operation, of what its document allows and of what it does not.
EXAMPLES = 8
SCOPES = ("nights", "boxes", "history", "scores", "cards", "runs")


def _schema(address: str, enter: Callable[[Any], None]) -> Any:  # noqa: ANN401 - schemathesis's own
    """Return the document of the site; ``enter`` puts the way in on each case."""
    from django.core.wsgi import get_wsgi_application

    schema = schemathesis.openapi.from_wsgi(address, get_wsgi_application())

    @schema.auth()
    class Way:
        """The way in."""

        def get(self, *_: object) -> str:
            """There is something to set."""
            return "set"

        def set(self, case: Any, *_: object) -> None:  # noqa: ANN401 - schemathesis's own
            """Set it."""
            enter(case)

    return schema


def _by_token(account: Any) -> Callable[[Any], None]:  # noqa: ANN401 - our account
    token = _token(account, *SCOPES)

    def enter(case: Any) -> None:  # noqa: ANN401 - schemathesis's own
        case.headers = {**(case.headers or {}), "Authorization": f"Bearer {token}"}

    return enter


def _by_session(account: Any) -> Callable[[Any], None]:  # noqa: ANN401 - our account
    session = client_of(account).cookies["peelian_session"].value

    def enter(case: Any) -> None:  # noqa: ANN401 - schemathesis's own
        case.cookies = {**(case.cookies or {}), "peelian_session": session}

    return enter


def _hold(schema: Any, without: tuple[str, ...] = ()) -> dict[str, set[int]]:  # noqa: ANN401 - schemathesis's own
    """Call every operation with drawn examples and check each answer; return the statuses seen of each."""
    seen: dict[str, set[int]] = {}
    for result in schema.get_all_operations():
        operation = result.ok()
        seen[operation.path] = _statuses(operation, GenerationMode.POSITIVE, without)
        if list(operation.iter_parameters()):
            seen[operation.path] |= _statuses(operation, GenerationMode.NEGATIVE, without)
    return seen


def _statuses(operation: Any, mode: GenerationMode, without: tuple[str, ...]) -> set[int]:  # noqa: ANN401 - as above
    excluded, statuses = CHECKS.get_by_names(list(without)), set()

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=(Phase.explicit, Phase.generate),
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(mode))
    def hold(case: Any) -> None:  # noqa: ANN401 - schemathesis's own
        answer = case.call()
        statuses.add(answer.status_code)
        case.validate_response(answer, excluded_checks=excluded)

    hold()
    return statuses


@pytest.mark.parametrize("way", [_by_session, _by_token])
def test_the_interface_answers_as_its_document_says(town: dict[str, Any], way: Any) -> None:  # noqa: ANN401 - one of two
    seen = _hold(_schema("/api/v1/openapi.json", way(town["analyst"])))
    assert {200} <= seen["/api/v1/me"], "the way in was taken"
    assert all(statuses <= {200, 401, 404, 422} for statuses in seen.values()), seen
    assert len(seen) >= 14


def test_the_layer_answers_as_its_document_says(town: dict[str, Any]) -> None:
    """Its document cannot say which texts are instants, so that a drawn text may be refused: that check is left out."""
    seen = _hold(_schema("/ogc/api", _by_token(town["analyst"])), without=("positive_data_acceptance",))
    assert {200} <= seen["/collections"], "the way in was taken"
    assert all(statuses <= {200, 400, 401, 404} for statuses in seen.values()), seen


def test_a_real_box_is_answered_as_the_document_says(town: dict[str, Any]) -> None:
    """Drawn ids are never those of a box: the answers to real ones are held against the document here."""
    schema, enter = _schema("/api/v1/openapi.json", lambda _: None), _by_session(town["analyst"])
    for address, parts in (
        ("/boxes/{box_id}", {"box_id": BOX}),
        ("/boxes/{box_id}/why", {"box_id": BOX}),
        ("/maps/{map_id}", {"map_id": BOX.rpartition(":")[0]}),
        ("/boxes", {}),
        ("/boxes.geojson", {}),
        ("/scores", {}),
        ("/runs", {}),
        ("/nights/all", {}),
        ("/purpose-cards", {}),
    ):
        case = schema[f"/api/v1{address}"]["GET"].Case(path_parameters=parts)
        enter(case)
        answer = case.call()
        assert answer.status_code == 200, address
        schema[f"/api/v1{address}"]["GET"].validate_response(answer)
