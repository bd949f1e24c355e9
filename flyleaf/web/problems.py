"""Errors of API v1: problem details (RFC 9457), from every address below /api/v1."""

from collections.abc import Iterator, Mapping, Sequence

from flask import Response, jsonify, request
from werkzeug.exceptions import HTTPException, UnprocessableEntity

PREFIX = "/api/v1"
PROBLEM = "application/problem+json"


class InvalidFieldsError(UnprocessableEntity):
    """Fields of a request that can't be used, each with what is wrong with it."""

    def __init__(self, messages: Mapping[str, object]) -> None:
        super().__init__()
        self.data = {"messages": {"fields": messages}}  # as webargs has them


def is_v1() -> bool:
    return request.path.startswith(f"{PREFIX}/")


def problem(error: HTTPException, status: int, detail: str) -> Response:
    """Return the response to a request that ended in `error`."""
    errors = [{"field": field, "detail": text} for field, text in _wrong_fields(error)]
    body: dict[str, object] = {"type": "about:blank", "title": error.name, "status": status, "detail": detail}
    if errors:
        body |= {"detail": "; ".join(f"{one['field']}: {one['detail']}" for one in errors), "errors": errors}
    response = jsonify(body)
    response.mimetype = PROBLEM
    return response


def _wrong_fields(error: HTTPException) -> Iterator[tuple[str, str]]:
    """Return the names of wrong fields, such as rating, with what is wrong: webargs nests them by place and field."""
    places = getattr(error, "data", {}).get("messages", {})
    for place, fields in places.items():
        if not isinstance(fields, Mapping):
            yield place, _sentence(fields)
            continue
        for field, messages in fields.items():
            yield str(field), _sentence(messages)


def _sentence(messages: object) -> str:
    if isinstance(messages, Mapping):
        return " ".join(_sentence(one) for one in messages.values())
    if isinstance(messages, str):
        return messages
    return " ".join(map(str, messages)) if isinstance(messages, Sequence) else str(messages)
