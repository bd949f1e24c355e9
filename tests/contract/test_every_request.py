"""API v1 keeps what its document says: schemathesis sends requests that the document allows or forbids."""

import io
import json
from collections.abc import Mapping
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

Case = schemathesis.Case[Any]
EXAMPLES = 12  # of each address and mode
# No schema can say what a name is that people can read, what is an export of another site, whether the site has half
# stars, that one day comes before another, of which order a cursor is, or whether a row has a book.
RULES_BEYOND_SCHEMAS = {
    "PUT /api/v1/editions/{identifier}/review",
    "PUT /api/v1/editions/{identifier}/shelf",
    "GET /api/v1/works/{work_id}/reviews",
    "POST /api/v1/me/imports",
    "PATCH /api/v1/me/imports/{import_id}/rows/{n}",
    "POST /api/v1/me/shelves",
    "PATCH /api/v1/me/shelves/{name}",
    "GET /api/v1/me/shelves/{name}/books",
    "GET /api/v1/me/books",
    "PUT /api/v1/me/books/{book_id}/shelves/{name}",
    "DELETE /api/v1/me/books/{book_id}/shelves/{name}",
    "POST /api/v1/me/books/{book_id}/readings",
    "PUT /api/v1/me/books/{book_id}/readings/{reading_id}",
    "GET /api/v1/readers/{name}/shelves/{shelf}/books",
}


@pytest.fixture
def token(alice: Site) -> dict[str, str]:
    return bearer(new_token(alice, "write"))


@pytest.fixture
def document(app: Flask, bob: Site, token: dict[str, str], add_book: AddBook, select: Select) -> OpenApiSchema:
    """The document, with examples of paths that lead somewhere."""
    add_book("9780441172719", description="Sand.", language="en")
    add_book("9783453305236", year=None)
    bob.review("9780441172719", 4, "Much sand.")
    client = app.test_client()
    copy = client.put("/api/v1/editions/9780441172719/shelf", headers=token, json={"shelf": "read"}).get_json()["id"]
    reading = client.post(f"/api/v1/me/books/{copy}/readings", headers=token, json={"started_on": "2026-01-02"})
    history = {"file": (io.BytesIO(b"Title,Author,My Rating\nDune,Frank Herbert,4\n"), "books.csv")}
    brought = client.post("/api/v1/me/imports", headers=token, data=history).get_json()["id"]
    found = json.loads(client.get("/api/v1/openapi.json").text)
    work = client.get("/api/v1/editions/9780441172719").get_json()["work_id"]
    examples: dict[str, list[Any]] = {
        "identifier": ["9780441172719", "goodreads:1", "x"],
        "work_id": [work, "0" * 16],
        "name": ["read", "Bob", "Frank Herbert", "x/y"],
        "shelf": ["read", "x"],
        "book_id": [copy, 0],
        "reading_id": [reading.get_json()["id"], 0],
        "review_id": [select("SELECT id FROM reviews"), 0],
        "import_id": [brought, 0],
        "n": [1, 2],
        "year": [2026, 1],
    }
    for path in found["paths"].values():
        for parameter in path.get("parameters", ()):
            if parameter["name"] in examples:
                parameter["schema"]["enum"] = examples[parameter["name"]]
    schema: OpenApiSchema = schemathesis.openapi.from_dict(found)
    schema.app = app
    return schema


def is_in_order(case: Case) -> bool:
    """Whether the first year is before the last one, which no schema can ask for."""
    first, last = (case.query or {}).get("year_from"), (case.query or {}).get("year_to")
    return not (isinstance(first, int) and isinstance(last, int) and first > last)


def takes_nothing(operation: Mapping[str, Any]) -> bool:
    """Whether there is nothing that a request to the operation can have wrong: neither parameters, body nor token."""
    return {} in operation["security"] and not operation.get("parameters") and "requestBody" not in operation


@pytest.mark.parametrize("mode", schemathesis.GenerationMode)
def test_every_request_is_answered_as_the_document_says(
    mode: schemathesis.GenerationMode, document: OpenApiSchema, token: dict[str, str], subtests: pytest.Subtests
) -> None:
    count = 0
    for result in document.get_all_operations():
        assert isinstance(result, Ok)
        operation = result.ok()
        if mode.is_negative and takes_nothing(operation.definition.raw):
            continue
        with subtests.test(operation.label):

            @seed(1)
            @settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
            @given(case=operation.as_strategy(generation_mode=mode).filter(is_in_order))
            def answered(case: Case) -> None:
                excluded: list[Any] = [positive_data_acceptance] if case.operation.label in RULES_BEYOND_SCHEMAS else []
                case.call_and_validate(headers=token, excluded_checks=excluded)

            answered()
            count += 1
    assert count > 40
