"""What an action says on the page that follows it: "Your review is published."

The key of the sentence travels in a cookie of a minute, not in the session: a request that writes no session can't
bring one back to life that a log-out has just ended.
"""

from flask import Flask, Response, current_app, g, request

COOKIE = "notice"
SECONDS = 60
NOTICES = {
    "registered": "Welcome! You are registered and logged in.",
    "logged-out": "You are logged out.",
    "review-published": "Your review is published.",
    "review-changed": "Your review is changed.",
    "review-deleted": "Your review is deleted.",
}


def register(app: Flask) -> None:
    app.jinja_env.globals["take_notice"] = take_notice
    app.after_request(_forget)


def give_notice(response: Response, key: str) -> Response:
    """Have the next page say NOTICES[key]."""
    secure = bool(current_app.config["SESSION_COOKIE_SECURE"])
    response.set_cookie(COOKIE, key, max_age=SECONDS, httponly=True, samesite="Lax", secure=secure)
    return response


def take_notice() -> str | None:
    """The sentence that the last action left for this page, once."""
    notice = NOTICES.get(request.cookies.get(COOKIE, ""))
    g.notice_taken = notice is not None
    return notice


def _forget(response: Response) -> Response:
    if g.get("notice_taken"):
        response.delete_cookie(COOKIE, secure=bool(current_app.config["SESSION_COOKIE_SECURE"]), samesite="Lax")
    return response
