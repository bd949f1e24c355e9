"""Pages of a list in addresses: ?page=2 for a ranked list, ?before=… and ?after=… for one ordered by time."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from flask import request
from flask_babel import gettext
from werkzeug.exceptions import NotFound

from flyleaf.limits import PAGE_MAX
from flyleaf.numbers import whole_number
from flyleaf.paging import Key, Number, Page

Item = TypeVar("Item")
NOTHING: Page[Any] = Page([])  # the only page of a list without items


def asked_place(*, with_value: bool = False) -> Key:
    """Return the place in a list that the address names, or its beginning. Raises NotFound if it is malformed. Of a
    list that is ordered by a value first, it may have one."""
    try:
        return Key.from_arguments(request.args, with_value=with_value)
    except ValueError as error:
        raise NotFound(gettext("This list has no such page. Go back to the first page.")) from error


def page_number(values: Mapping[str, str], last: int = PAGE_MAX) -> int:
    """Return the requested page number, 1 if it is not a number. Raises NotFound if it is out of range."""
    page = whole_number(values.get("page", "1"))
    if page is None:
        return 1
    if not 1 <= page <= last:
        raise NotFound(gettext("Choose a page from 1 to %(last)s.", last=last))
    return page


def numbered(items: Sequence[Item], page: int, count: int, page_size: int) -> Page[Item]:
    """Return a page of a list of `count` items, with the places of the previous and next pages."""
    last = min(max(-(-count // page_size), 1), PAGE_MAX)
    return Page(
        list(items),
        Number(min(page - 1, last)) if page > 1 else None,
        Number(page + 1) if page < last else None,
    )
