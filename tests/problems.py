"""Errors of API v1, as a program reads them."""

from typing import Any

from werkzeug.test import TestResponse

PROBLEM = {"type", "title", "status", "detail"}


def problem(response: TestResponse, status: int) -> dict[str, Any]:
    """The problem that this answer is."""
    assert (response.status_code, response.mimetype) == (status, "application/problem+json"), response.text
    found: dict[str, Any] = response.get_json()
    assert set(found) - {"errors"} == PROBLEM
    assert (found["type"], found["status"]) == ("about:blank", status)
    assert found["detail"]
    return found


def wrong(response: TestResponse) -> set[str]:
    """The fields that this answer finds wrong."""
    return {error["field"] for error in problem(response, 422)["errors"]}
