"""Read answers in JSON that may hold anything."""

import json
from typing import Any, TypeVar

from flyleaf.open_library.exchange import OpenLibraryError

Kind = TypeVar("Kind")


def read_object(body: bytes) -> dict[str, Any]:
    """Return the object that an answer is. Raises OpenLibraryError."""
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise OpenLibraryError(f"answered no JSON ({type(error).__name__})") from error
    return typed(answer, dict)


def typed(value: Any, kind: type[Kind]) -> Kind:
    """Return the value if it is of this type. Raises OpenLibraryError."""
    if not isinstance(value, kind):
        raise OpenLibraryError(f"answered something else where a {kind.__name__} belongs")
    return value
