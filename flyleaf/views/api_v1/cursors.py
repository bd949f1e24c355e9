"""Cursors: where the next page of a list begins. Programs send them back as they came."""

from collections.abc import Mapping
from typing import Any

from flyleaf.paging import Key, Page
from flyleaf.web.problems import InvalidFieldsError


def place_at(asked: Mapping[str, Any]) -> Key:
    """Return the place that the request names, or the beginning of the list. Raises InvalidFieldsError."""
    cursor = asked.get("cursor")
    try:
        return Key.from_arguments({} if cursor is None else {"before": cursor})
    except ValueError as error:
        raise InvalidFieldsError({"cursor": ["Send a next_cursor as it came."]}) from error


def cursor_after(page: Page[Any]) -> str | None:
    """Return the cursor of the next page, or None on the last one."""
    return page.next.arguments["before"] if page.next else None
