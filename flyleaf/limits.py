"""Every limit on what people type and what a catalogue holds, once. The migrations repeat them as CHECK constraints,
and tests/database/test_limits.py compares the two."""

from dataclasses import dataclass

USERNAME_MAX = 64  # characters, after NFKC
PASSWORD_MIN = 8
PASSWORD_MAX = 256
REVIEW_MAX = 10_000
DRAFT_MAX = 16_000  # of all fields of a form that is kept until its reader has logged in again
REASON_MAX = 500  # why an account is locked, a review reported or hidden
RATING_MIN = 1
RATING_MAX = 5

TITLE_MAX = 1_000
AUTHOR_MAX = 500
PUBLISHER_MAX = 500
DESCRIPTION_MAX = 20_000
LANGUAGE_MAX = 35  # the longest tag that RFC 5646 tells to expect
YEAR_MIN = -3_000  # before the common era: the Epic of Gilgamesh is catalogued by its age in some files
YEAR_MAX = 2_100
PAGES_MAX = 100_000
AVERAGE_RATING_MAX = 5  # of other sites
RATINGS_COUNT_MAX = 2**31 - 1

QUERY_MAX = 200  # characters of a search that are looked at
PAGE_MAX = 100  # the deepest page of results
PAGE_SIZE = 20  # results on a page
PAGE_SIZE_MAX = 100  # results in one answer of the API
REVIEWS_ON_A_PAGE = 10
REPORTED_ON_A_PAGE = 20
REASONS_SHOWN = 20  # of the reports of one review
EVENTS_ON_A_PAGE = 50

SESSION_DAYS = 30  # after log-in
SESSION_IDLE_DAYS = 7  # after the last page
SESSION_SEEN_MINUTES = 5  # that "last seen" may be behind
SESSIONS_MAX = 100  # of one account at the same time; a log-in beyond it ends the one that was unused for longest
RESET_HOURS = 24  # that a link to choose a new password may lie about


@dataclass(frozen=True, slots=True)
class Rate:
    """At most so many within so many seconds, whichever seconds these are."""

    most: int
    seconds: int


WRONG_PASSWORDS = Rate(10, 5 * 60)  # an account; each browser that has logged in to it before has its own
WRONG_PASSWORDS_FROM_AN_ADDRESS = Rate(30, 5 * 60)
DRAFTS = Rate(60, 60 * 60)  # that are kept for visitors from one address, until they have logged in
REPORTS = Rate(20, 24 * 60 * 60)  # of reviews, by one reader
