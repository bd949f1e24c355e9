"""Cursors: where the next page of a list begins. Programs send them back as they came."""

from collections.abc import Mapping
from typing import Any

from flyleaf.paging import Key, Mark, Number, Page
from flyleaf.web.problems import InvalidFieldsError


def place_at(asked: Mapping[str, Any], *, with_value: bool = False) -> Key:
    """Return the place that the request names, or the beginning of the list. Raises InvalidFieldsError."""
    cursor = asked.get("cursor")
    try:
        return Key.from_arguments({} if cursor is None else {"before": cursor}, with_value=with_value)
    except ValueError as error:
        raise wrong_cursor() from error


def mark_at(asked: Mapping[str, Any]) -> Mark | Number:
    """Return the same of a list that can have any order. Raises InvalidFieldsError."""
    cursor = asked.get("cursor")
    try:
        return (None if cursor is None else Mark.from_arguments({"after": cursor})) or Number(1)
    except ValueError as error:
        raise wrong_cursor() from error


def wrong_cursor() -> InvalidFieldsError:
    return InvalidFieldsError({"cursor": ["Send a next_cursor as it came, to the same list."]})


def cursor_after(page: Page[Any]) -> str | None:
    """Return the cursor of the next page, or None on the last one."""
    return next(iter(page.next.arguments.values())) if page.next else None
