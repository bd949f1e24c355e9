"""The pictures of covers. Everybody may see them: they come from a public catalogue, and pages before the login show
some."""

import logging
from functools import partial

from flask import Blueprint, Response, request
from werkzeug.exceptions import NotFound

from flyleaf.covers import drawing
from flyleaf.covers.files import NAME
from flyleaf.queries.covers import select_covered_book
from flyleaf.web.assets import FOREVER
from flyleaf.web.covers import identity
from flyleaf.web.current import flyleaf
from flyleaf.web.reading import read

blueprint = Blueprint("covers", __name__)

logger = logging.getLogger(__name__)


@blueprint.get("/covers/<name>")
def cover(name: str) -> Response:
    """Return a cover. An address stands for one picture for ever."""
    found = NAME.fullmatch(name)
    if found is None:
        raise NotFound
    digest, size = found.groups()
    try:
        content = flyleaf().covers.read(digest, size)
    except OSError as error:
        logger.warning("a cover can't be read", extra={"cause": str(error)})
        content = None
    if content is None:
        return _instead(digest)
    response = Response(content, mimetype="image/webp")
    response.headers["Cache-Control"] = FOREVER
    response.set_etag(name)
    response.make_conditional(request)
    return response


def _instead(digest: str) -> Response:
    """Return the drawn cover for a picture that this machine lacks, and have it fetched again."""
    site = flyleaf()
    book = read(partial(select_covered_book, digest=digest))
    if book is None:
        raise NotFound
    if site.cover_fetcher is not None:
        site.cover_fetcher.fetch_again(book.id, digest)
    drawn = drawing.picture(identity(book.address), book.title, book.author)
    return Response(drawn, mimetype="image/svg+xml")
