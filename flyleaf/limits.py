"""Every limit on what people enter and what a catalogue contains, in one place. The migrations repeat them as CHECK
constraints, and tests/database/test_limits.py compares the two."""

from dataclasses import dataclass
from datetime import date

USERNAME_MAX = 64  # characters, after NFKC
PASSWORD_MIN = 8
PASSWORD_MAX = 256
REVIEW_MAX = 10_000
DRAFT_MAX = 16_000  # all fields of a form that is kept until its reader has logged in again
DRAFTS_OF_A_BROWSER = 8  # such forms; one more takes the place of the oldest
REASON_MAX = 500  # why an account is locked, or a review reported or hidden
RATING_MIN = 1
RATING_MAX = 5

TITLE_MAX = 1_000
AUTHOR_MAX = 500
PUBLISHER_MAX = 500
OTHER_TITLES_MAX = 10_000  # all other titles of a book, as they are stored
OTHER_TITLES_OF_A_BOOK = 10
SERIES_MAX = 500  # all series of a book, as they are stored
DESCRIPTION_MAX = 20_000
LANGUAGE_MAX = 35  # the longest tag that RFC 5646 recommends supporting
YEAR_MIN = -3_000  # BCE: some catalogues date the Epic of Gilgamesh by its age
YEAR_MAX = 2_100
IDENTIFIER_MAX = 100  # characters of its value, without the scheme
PAGES_MAX = 100_000
AVERAGE_RATING_MAX = 5  # from other sites
RATINGS_COUNT_MAX = 2**31 - 1
SUBJECT_NAME_MAX = 100
SUBJECTS_MAX = 20  # of one book
LONGEST_SUBJECTS = 2_500  # the names of all its subjects, as a correction has them

SHELF_NAME_MAX = 50
SHELVES_MAX = 100  # that one reader has named
NOTES_MAX = 10_000  # of a reader's own about a book
SHELVED_MAX = 100_000  # books on one reader's shelves
READINGS_MAX = 100  # of one book by one reader
READ_ON_MIN = date(1900, 1, 1)
READ_ON_MAX = date(2100, 12, 31)
LINE_ISBN_MAX = 20  # characters; what a file said of a book that the catalogue doesn't have

UPLOAD_BYTES_MAX = 16 * 1024 * 1024  # of a file with a reading history: 20,000 books with reviews
UPLOAD_ROWS_MAX = 50_000
UPLOAD_UNPACKED_MAX = 64 * 1024 * 1024  # bytes in a compressed file
UPLOAD_LINES_MAX = 1_000_000  # of a table, also empty ones and those within reviews
UPLOAD_READING_SECONDS = 20  # of a processor's time
UPLOAD_NAME_MAX = 200
UPLOAD_PROBLEM_MAX = 500  # why a row can't be used
UPLOADS_MAX = 20  # of one reader that are kept; of older ones only what they wrote stays
UPLOAD_PROPOSALS_MAX = 100  # missing books of one reader that wait for moderators, before uploads propose no more
SHELVES_OF_A_ROW = 20  # that an upload may name for one book

QUERY_MAX = 200  # characters of a search
PAGE_MAX = 100  # the last page of results that is shown
PAGE_SIZE = 20  # results on a page
PAGE_SIZE_MAX = 100  # results in one answer of the API
REVIEWS_ON_A_PAGE = 10
NEW_BOOKS_IN_THE_FEED = 50
SHELVED_ON_A_PAGE = 20
SHELF_PAGE_MAX = 5_000  # the last page of a shelf that can be asked for by its number; links go further
REPORTED_ON_A_PAGE = 20
NEW_ACCOUNT_RATINGS = 5  # of one work, by accounts younger than a day, in a day; with one more all of them are held
HELD_DAYS = 7  # until a rating that is held counts
HELD_WORKS_SHOWN = 100
REASONS_SHOWN = 20  # of one review's reports
EVENTS_ON_A_PAGE = 50
CORRECTIONS_ON_A_PAGE = 20
PROPOSALS_ON_A_PAGE = 20
CORRECTIONS_OF_A_BOOK = 3  # the latest, on its page
# Of a reader's data in one download, the newest first.
OWN_REVIEWS_MAX = 10_000  # more than anybody writes in a lifetime
OWN_REPORTS_MAX = 10_000
OWN_VOTES_MAX = 100_000
OWN_EVENTS_MAX = 10_000
OWN_PROPOSALS_MAX = 10_000
OWN_IMPORT_ROWS_MAX = 100_000  # in the order of their files

SESSION_DAYS = 30  # after login
SESSION_IDLE_DAYS = 7  # after the last request
SESSION_SEEN_MINUTES = 5  # how far "last seen" may lag behind
SESSIONS_MAX = 100  # of one account; a further login ends the least recently used one
RESET_HOURS = 24  # that a password reset link is valid
LOGIN_LINK_MINUTES = 10
FRESH_MINUTES = 10  # after a login, in which a reader without a password can choose one
SUBJECT_MAX = 255  # OpenID Connect Core 1.0, section 2
SECOND_FACTORS_MAX = 10  # of one kind and account
SECOND_FACTOR_NAME_MAX = 60
RECOVERY_CODES = 10
PASSKEY_CHALLENGE_MINUTES = 10  # from the question to the answer
PENDING_LOGIN_MINUTES = 10  # between the password and the second factor
INVITATION_USES_MAX = 1_000
INVITATION_LONGEST = 365  # days
INVITATION_NOTE_MAX = 100  # characters: whom the invitation is for
INVITATIONS_ON_A_PAGE = 20
PENDING_ON_A_PAGE = 50
API_TOKENS_MAX = 20  # valid ones of one account
API_TOKEN_NAME_MAX = 60
API_TOKEN_LONGEST = 365  # days
API_TOKEN_USED_MINUTES = 60  # how far "last used" may lag behind


@dataclass(frozen=True, slots=True)
class Rate:
    """A rate limit: at most `most` attempts in any period of `seconds`."""

    most: int
    seconds: int


WRONG_PASSWORDS = Rate(10, 5 * 60)  # per account; each browser that has logged in before has its own limit
WRONG_PASSWORDS_FROM_AN_ADDRESS = Rate(30, 5 * 60)
WRONG_CODES = Rate(10, 60 * 60)  # of second factors, per account; browsers that were logged in before have their own
WRONG_CODES_IN_A_DAY = Rate(30, 24 * 60 * 60)
PASSKEY_ATTEMPTS = Rate(60, 5 * 60)  # from one address
LOGINS = Rate(100, 60 * 60)  # successful ones, to one account
LOGINS_FROM_AN_ADDRESS = Rate(1_000, 60 * 60)  # which may be that of a whole school
DRAFTS = Rate(60, 60 * 60)  # kept for visitors from one address until they have logged in
REPORTS = Rate(20, 24 * 60 * 60)  # by one reader
HELPFUL_VOTES = Rate(100, 24 * 60 * 60)  # by one reader
PROPOSALS = Rate(20, 24 * 60 * 60)  # forms with suggestions for the catalogue, by one reader
LOOK_UPS = Rate(40, 24 * 60 * 60)  # of missing books at Open Library, by one reader
LOOK_UPS_BY_ALL = Rate(60, 60)  # by all readers of the site; Open Library would allow three times as many
UPLOADS = Rate(20, 60 * 60)  # files with reading histories, by one reader
UPLOAD_BOOKS = Rate(1_000, 24 * 60 * 60)  # missing books that one reader's files add, with READERS_ADD_BOOKS=yes
DOWNLOADS = Rate(6, 60 * 60)  # of one reader's data
