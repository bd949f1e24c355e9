"""What all addresses of API v1 have in common: who may send a request, and what it may carry."""

from collections.abc import Callable
from functools import wraps
from json import JSONDecodeError
from typing import Any

import flask_smorest
from flask import Request, request
from marshmallow import RAISE
from webargs.flaskparser import FlaskParser
from werkzeug.exceptions import BadRequest, UnsupportedMediaType

from flyleaf.web import bearer
from flyleaf.web.problems import PREFIX, InvalidFieldsError

SCHEME = "token"  # in the document


class _Parser(FlaskParser):
    # Parameters with an unknown name are refused: it may be misspelt.
    DEFAULT_UNKNOWN_BY_LOCATION = FlaskParser.DEFAULT_UNKNOWN_BY_LOCATION | {"query": RAISE}

    def _raw_load_json(self, req: Request) -> Any:
        if not req.is_json:
            raise UnsupportedMediaType("Send JSON, with “Content-Type: application/json”.")
        try:
            return super()._raw_load_json(req)
        except JSONDecodeError:
            raise
        except (RecursionError, ValueError) as error:  # too deep, or a number of thousands of digits
            raise BadRequest("This JSON is nested too deeply, or has too long a number.") from error


class Blueprint(flask_smorest.Blueprint):
    """A tag of the document, with its addresses."""

    ARGUMENTS_PARSER = _Parser()

    def __init__(self, name: str, import_name: str, description: str) -> None:
        super().__init__(name, import_name, url_prefix=PREFIX, description=description)


def public(view: Callable[..., Any]) -> Callable[..., Any]:
    return _documented(bearer.for_all(_strict(view)), [{}, {SCHEME: ["read"]}])


def own(view: Callable[..., Any]) -> Callable[..., Any]:
    return _documented(bearer.token_to_read(_strict(view)), [{SCHEME: ["read"]}])


def own_slowly(view: Callable[..., Any]) -> Callable[..., Any]:
    """For a view that gets the reader, and opens its own transactions."""
    return _documented(bearer.token_of_reader(_strict(view)), [{SCHEME: ["read"]}])


def writing(view: Callable[..., Any]) -> Callable[..., Any]:
    return _documented(bearer.token_to_write(_strict(view)), [{SCHEME: ["write"]}])


def writing_slowly(view: Callable[..., Any]) -> Callable[..., Any]:
    """For a view that gets the reader, and opens its own transactions."""
    return _documented(bearer.token_of_writer(_strict(view)), [{SCHEME: ["write"]}])


def _strict(view: Callable[..., Any]) -> Callable[..., Any]:
    """Refuse parameters in the address of a view that takes none, as the others refuse unknown ones."""
    arguments = getattr(view, "_apidoc", {}).get("arguments", {})
    if any(one["in"] == "query" for one in arguments.get("parameters", ())):
        return view

    @wraps(view)
    def checked(*values: Any, **named: Any) -> Any:
        if request.args:
            raise InvalidFieldsError({name: ["Unknown field."] for name in request.args})
        return view(*values, **named)

    return checked


def _documented(gate: Callable[..., Any], security: list[dict[str, list[str]]]) -> Callable[..., Any]:
    known = getattr(gate, "_apidoc", {})
    gate._apidoc = known | {"manual_doc": {"security": security, "operationId": gate.__name__}}  # type: ignore[attr-defined]  # flask-smorest's
    return gate
