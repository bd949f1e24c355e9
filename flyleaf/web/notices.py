"""What an action says on the page that follows it: "Your review has been published."

The key of the sentence travels in a cookie of a minute, not in the session: a request that writes no session can't
bring one back to life that a log-out has just ended.
"""

from dataclasses import dataclass

from flask import Flask, Response, g, make_response, redirect
from flask_babel import lazy_gettext

from flyleaf.web.cookies import drop_cookie, keep_cookie, kept_cookie

COOKIE = "notice"
SECONDS = 60
NOTICES = {
    "registered": lazy_gettext("Welcome! Your account is ready and you are logged in."),
    "logged-out": lazy_gettext("You are logged out."),
    "password-changed": lazy_gettext("Your password has been changed, and all other devices are logged out."),
    "session-ended": lazy_gettext("That device is logged out."),
    "other-sessions-ended": lazy_gettext("You are logged out of all other devices."),
    "account-deleted": lazy_gettext("Your account has been deleted."),
    "account-deleted-reviews-follow": lazy_gettext(
        "Your account has been deleted. You wrote many reviews: deleting all of them takes a few more minutes."
    ),
    "login-expired": lazy_gettext("Your login took too long. Log in again."),
    "passkey-refused": lazy_gettext("That passkey didn’t work. Try again, or log in another way."),
    "second-factor-added": lazy_gettext("Second factor added. All other devices are logged out."),
    "second-factor-removed": lazy_gettext("Second factor removed. All other devices are logged out."),
    "review-published": lazy_gettext("Your review has been published."),
    "rating-published": lazy_gettext("Your rating has been published. You can add words at any time."),
    "review-kept-private": lazy_gettext("Your review has been saved. Only you see it."),
    "review-changed": lazy_gettext("Your review has been updated."),
    "review-deleted": lazy_gettext("Your review has been deleted."),
    "unshelved": lazy_gettext("The book is off your shelves."),
    "not-shelved": lazy_gettext("The book wasn’t on your shelves."),
    "notes-saved": lazy_gettext("Your notes have been saved."),
    "shelf-made": lazy_gettext("Shelf created."),
    "shelf-renamed": lazy_gettext("Shelf renamed."),
    "shelf-deleted": lazy_gettext("Shelf deleted."),
    "shelf-public": lazy_gettext("Others can see this shelf on your profile now."),
    "shelf-private": lazy_gettext("Only you can see this shelf now."),
    "password-reset": lazy_gettext("Your password has been changed. Log in with the new one."),
    "review-reported": lazy_gettext("Thank you. A moderator will check this review."),
    "reported-already": lazy_gettext("You have already reported this review."),
    "voted-helpful": lazy_gettext("Thank you. Your vote has been counted."),
    "vote-withdrawn": lazy_gettext("Your vote has been withdrawn."),
    "ratings-counted": lazy_gettext("The ratings count now."),
    "ratings-refused": lazy_gettext("The ratings were refused. They will never count."),
    "review-hidden": lazy_gettext("Review hidden."),
    "review-unhidden": lazy_gettext("Review restored."),
    "review-allowed": lazy_gettext("The reader can review this book again."),
    "reports-dismissed": lazy_gettext("Reports dismissed."),
    "book-added": lazy_gettext("Book added to the catalogue."),
    "book-corrected": lazy_gettext("Book corrected."),
    "nothing-corrected": lazy_gettext("Nothing was changed in the form, so the book is as it was."),
    "proposal-made": lazy_gettext(
        "Thank you. A moderator will look at your suggestion. You can see what comes of it under Account."
    ),
    "proposal-withdrawn": lazy_gettext("Suggestion withdrawn."),
    "proposal-accepted": lazy_gettext("Suggestion accepted."),
    "proposal-refused": lazy_gettext("Suggestion refused. The reader sees your reason."),
    "correction-undone": lazy_gettext("Correction undone."),
    "upload-written": lazy_gettext("Your reading history has been written to your shelves and reviews."),
    "upload-undone": lazy_gettext("The import has been undone."),
    "upload-forgotten": lazy_gettext("The import was deleted. What it wrote stays."),
    "registration-pending": lazy_gettext("Your account was created. You can log in once a moderator has approved it."),
    "registration-approved": lazy_gettext("Registration approved."),
    "registration-refused": lazy_gettext("Registration refused. The account was deleted."),
    "identity-connected": lazy_gettext("The account is connected. You can log in with it."),
    "identity-disconnected": lazy_gettext("The account is disconnected."),
    "api-token-revoked": lazy_gettext("Token revoked. Programs that use it no longer have access."),
    "feeds-revoked": lazy_gettext("The addresses of your feeds are revoked. Open a feed again for a new one."),
    "invitation-ended": lazy_gettext("Invitation ended."),
}
# Shown next to the reader's own review, not at the top of the book page.
AT_THE_REVIEW = {
    "review-published", "rating-published", "review-kept-private", "review-changed", "review-deleted",
    "review-reported", "reported-already", "voted-helpful", "vote-withdrawn",
}  # fmt: skip
NOTHING_DONE = {"reported-already", "not-shelved", "nothing-corrected", "login-expired", "passkey-refused"}


@dataclass(frozen=True, slots=True)
class Notice:
    """A sentence, its icon, and whether a book page shows it next to the reader's own review."""

    text: str
    icon: str
    is_of_review: bool


def register(app: Flask) -> None:
    app.jinja_env.globals.update(take_notice=take_notice, done=done)
    app.after_request(_forget)


def give_notice(response: Response, key: str) -> Response:
    """Show NOTICES[key] on the next page."""
    keep_cookie(response, COOKIE, key, SECONDS)
    return response


def redirect_with_notice(address: str, key: str) -> Response:
    """Redirect to a page that shows NOTICES[key]."""
    return give_notice(make_response(redirect(address, 303)), key)


def done() -> str | None:
    """Return the key of the last action's notice. The script then deletes the drafts that were sent."""
    key = kept_cookie(COOKIE)
    return key if key in NOTICES else None


def take_notice() -> Notice | None:
    """Return the last action's notice, once, or None."""
    key = kept_cookie(COOKIE) or ""
    if key not in NOTICES:
        return None
    g.notice_taken = True
    return Notice(str(NOTICES[key]), "info" if key in NOTHING_DONE else "done", key in AT_THE_REVIEW)


def _forget(response: Response) -> Response:
    if g.get("notice_taken"):
        drop_cookie(response, COOKIE)
    return response
