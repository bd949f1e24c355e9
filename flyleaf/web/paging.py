"""Pages of a list, as addresses name them: ?page=2."""

from collections.abc import Mapping

from flask_babel import gettext
from werkzeug.exceptions import NotFound

from flyleaf.limits import PAGE_MAX


def page_number(values: Mapping[str, str]) -> int:
    """The page that is asked for; the first where that is no number. Raises NotFound for one that can't be."""
    try:
        page = int(values.get("page", "1"))
    except ValueError:
        return 1
    if not 1 <= page <= PAGE_MAX:
        raise NotFound(gettext("There are pages 1 to %(last)s.", last=PAGE_MAX))
    return page
