"""Every limit on what people type and what a catalogue holds, once. The migrations repeat them as CHECK constraints,
and tests/database/test_limits.py compares the two."""

USERNAME_MAX = 64  # characters, after NFKC
PASSWORD_MIN = 8
PASSWORD_MAX = 256
REVIEW_MAX = 10_000
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

QUERY_MAX = 200  # characters of a search that are looked at
PAGE_MAX = 100  # the deepest page of results
PAGE_SIZE = 20  # results on a page
PAGE_SIZE_MAX = 100  # results in one answer of the API
REVIEWS_ON_A_PAGE = 10
