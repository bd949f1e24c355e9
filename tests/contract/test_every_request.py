"""API v1 keeps what its document says: schemathesis sends requests that the document allows or forbids."""

import json
from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, given, seed, settings
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import positive_data_acceptance
from schemathesis.specs.openapi.schemas import OpenApiSchema

from tests.fixture_types import AddBook, Select
from tests.site import Site
from tests.tokens import bearer, new_token

pytestmark = pytest.mark.slow

Case = schemathesis.Case[Any]
EXAMPLES = 12  # of each address
# No schema can say what a name is that people can read, or what is an export of another site.
RULES_BEYOND_SCHEMAS = {"PUT /api/v1/editions/{identifier}/shelf", "POST /api/v1/me/imports"}


@pytest.fixture
def document(app: Flask, alice: Site, bob: Site, add_book: AddBook, select: Select) -> OpenApiSchema:
    """The document, with examples of paths that lead somewhere."""
    add_book("9780441172719", description="Sand.", language="en")
    add_book("9783453305236", year=None)
    bob.review("9780441172719", 4, "Much sand.")
    found = json.loads(app.test_client().get("/api/v1/openapi.json").text)
    work = app.test_client().get("/api/v1/editions/9780441172719").get_json()["work_id"]
    examples = {"identifier": ["9780441172719", "goodreads:1", "x"], "work_id": [work, "0" * 16]}
    for path in found["paths"].values():
        for parameter in path.get("parameters", ()):
            if parameter["name"] in examples:
                parameter["schema"]["enum"] = examples[parameter["name"]]
    schema: OpenApiSchema = schemathesis.openapi.from_dict(found)
    schema.app = app
    return schema


@pytest.fixture
def token(alice: Site) -> dict[str, str]:
    return bearer(new_token(alice, "write"))


def is_in_order(case: Case) -> bool:
    """Whether the first year is before the last one, which no schema can ask for."""
    first, last = (case.query or {}).get("year_from"), (case.query or {}).get("year_to")
    return not (isinstance(first, int) and isinstance(last, int) and first > last)


@pytest.mark.parametrize("mode", schemathesis.GenerationMode)
def test_every_request_is_answered_as_the_document_says(
    mode: schemathesis.GenerationMode, document: OpenApiSchema, token: dict[str, str], subtests: pytest.Subtests
) -> None:
    count = 0
    for result in document.get_all_operations():
        assert isinstance(result, Ok)
        operation = result.ok()
        with subtests.test(operation.label):

            @seed(1)
            @settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
            @given(case=operation.as_strategy(generation_mode=mode).filter(is_in_order))
            def answered(case: Case) -> None:
                excluded: list[Any] = [positive_data_acceptance] if case.operation.label in RULES_BEYOND_SCHEMAS else []
                case.call_and_validate(headers=token, excluded_checks=excluded)

            answered()
            count += 1
    assert count > 10
