"""What the address of a book page says about its reviews: their order, and which of them are shown."""

from collections.abc import Mapping

from flyleaf.limits import RATING_MAX, RATING_MIN
from flyleaf.queries.listed_reviews import Listing, ReviewOrder
from flyleaf.views.review_form import LANGUAGES


def asked_listing(arguments: Mapping[str, str]) -> Listing:
    """Return the list that the arguments ask for. What they say wrongly is left out."""
    order, stars, written_in = (arguments.get(name, "") for name in ("order", "stars", "written_in"))
    return Listing(
        ReviewOrder(order) if order in set(ReviewOrder) else ReviewOrder.NEWEST,
        int(stars) if stars in set(map(str, range(RATING_MIN, RATING_MAX + 1))) else None,
        written_in if written_in in LANGUAGES else None,
    )
