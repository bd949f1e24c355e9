"""Pages of a list, as addresses name them: ?page=2 of a ranked list, ?before=… and ?after=… of one in order of time."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from flask import request
from flask_babel import gettext
from werkzeug.exceptions import NotFound

from flyleaf.limits import PAGE_MAX
from flyleaf.paging import Key, Number, Page

Item = TypeVar("Item")
NOTHING: Page[Any] = Page([])  # the only page of a list without items


def asked_place() -> Key:
    """Return the place in a list that the address names, its beginning without one. Raises NotFound for nonsense."""
    try:
        return Key.from_arguments(request.args)
    except ValueError as error:
        raise NotFound(gettext("This list has no such page. Go back to the first page.")) from error


def page_number(values: Mapping[str, str]) -> int:
    """Return the page that is asked for, the first if that is no number. Raises NotFound for one that can't be."""
    try:
        page = int(values.get("page", "1"))
    except ValueError:
        return 1
    if not 1 <= page <= PAGE_MAX:
        raise NotFound(gettext("Choose a page from 1 to %(last)s.", last=PAGE_MAX))
    return page


def numbered(items: Sequence[Item], page: int, count: int, page_size: int) -> Page[Item]:
    """Return a page of a list that has `count` items, with the places of the pages beside it that have any."""
    last = min(max(-(-count // page_size), 1), PAGE_MAX)
    return Page(
        list(items),
        Number(min(page - 1, last)) if page > 1 else None,
        Number(page + 1) if page < last else None,
    )
