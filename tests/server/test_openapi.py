"""The API against its own description: schemathesis asks what it allows, and what it does not."""

import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from live_server import KEY, LiveServer, live
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

EXAMPLES = 40

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


@pytest.fixture(scope="module")
def fuzzed(
    tmp_path_factory: pytest.TempPathFactory, balls: Any
) -> Iterator[tuple[LiveServer, str]]:
    with live(tmp_path_factory.mktemp("state"), max_sessions=4) as server, server.client() as api:
        upload = api.post("/uploads", json={"name": "ball"}).json()["upload"]
        api.put(f"/uploads/{upload}/ball.nii.gz", content=balls["flipped"].read_bytes())
        session = api.post("/sessions", json={"source": f"upload:{upload}"}).json()["id"]
        api.post(
            f"/sessions/{session}/prompts", json={"kind": "point", "at": [20, 18, 16]}
        ).raise_for_status()
        yield server, session


def ask(server: LiveServer, session: str, case: Case) -> None:
    """Send one request, and check the answer against the description."""
    ends_it = case.method == "DELETE" and case.path.endswith("/sessions/{session}")
    if "session" in case.path_parameters and not ends_it:
        case.path_parameters["session"] = session
    response = case.call(
        base_url=server.address, headers={"Authorization": f"Bearer {KEY}"}, timeout=60
    )
    case.validate_response(response, checks=CHECKS)
    if response.status_code >= 400 and response.content:
        detail = json.loads(response.content)["detail"]
        assert isinstance(detail, str)
        assert detail
        assert "\n" not in detail


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:Do not use the `random` module")  # the server's threads do
@pytest.mark.parametrize("mode", list(GenerationMode))
def test_the_api_keeps_to_its_description(
    fuzzed: tuple[LiveServer, str], mode: GenerationMode
) -> None:
    server, session = fuzzed
    schema = schemathesis.openapi.from_dict(server.app.openapi())
    asked = 0
    for found in schema.get_all_operations():

        @given(case=found.ok().as_strategy(generation_mode=mode))
        @settings(max_examples=EXAMPLES, derandomize=True, suppress_health_check=list(HealthCheck))
        def keeps_to_it(case: Case) -> None:
            ask(server, session, case)

        with suppress(Unsatisfiable):  # what takes nothing cannot be asked wrongly
            keeps_to_it()
            asked += 1
    assert asked > 12


def test_every_endpoint_is_described_with_what_it_takes(
    fuzzed: tuple[LiveServer, str],
) -> None:
    paths = fuzzed[0].app.openapi()["paths"]
    assert {path for path in paths if not path.startswith("/api/v1/")} == set()
    for path, verbs in paths.items():
        for verb, about in verbs.items():
            assert about.get("description"), f"{verb} {path}"
