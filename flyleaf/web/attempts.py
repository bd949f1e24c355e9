"""Limits on wrong passwords, registrations and reports. They are checked before a password is hashed, which is costly.

A browser that has logged in to an account keeps a device cookie (OWASP: "Slow Down Online Guessing Attacks with Device
Cookies"). Its wrong passwords are counted separately, and those of all unknown browsers together. An attacker who
guesses Alice's password from many addresses can block new browsers for a while, but never the ones that Alice uses.
"""

import hashlib
import hmac
import ipaddress
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from flask import current_app, request
from flask_babel import ngettext
from itsdangerous import BadSignature, URLSafeTimedSerializer
from werkzeug.exceptions import TooManyRequests
from werkzeug.wrappers import Response

from flyleaf.limits import (
    DOWNLOADS,
    DRAFTS,
    HELPFUL_VOTES,
    LOGINS,
    LOGINS_FROM_AN_ADDRESS,
    LOOK_UPS,
    LOOK_UPS_BY_ALL,
    PASSKEY_ATTEMPTS,
    PROPOSALS,
    REPORTS,
    UPLOADS,
    WRONG_CODES,
    WRONG_CODES_IN_A_DAY,
    WRONG_PASSWORDS,
    WRONG_PASSWORDS_FROM_AN_ADDRESS,
    Rate,
)
from flyleaf.queries.attempts import Attempt, Limit, delete_attempt, insert_attempt
from flyleaf.queries.readers import Reader, name_key
from flyleaf.turns import BusyError
from flyleaf.web.cookies import keep_cookie, kept_cookie, old_cookie_name
from flyleaf.web.current import flyleaf, transaction
from flyleaf.web.forms import SHA256

DEVICE_COOKIE = "device"
DEVICE_DAYS = 180
HOUR = 60 * 60  # seconds


def login_limits(name: str) -> Sequence[Limit]:
    """Return the limits for logging in under this name, whether or not it exists."""
    key = name_key(name)
    device = _device(key)
    if device is not None:
        return [_limit("device", f"{device} {key}", WRONG_PASSWORDS)]
    return [_account_limit(key), _limit("address", client_address(), WRONG_PASSWORDS_FROM_AN_ADDRESS)]


def session_limits(reader: Reader) -> Sequence[Limit]:
    """Return the limits for starting sessions, each of which costs a hash, a file, a row and an event."""
    return [
        _limit("login", str(reader.id), LOGINS),
        _limit("logins", client_address(), LOGINS_FROM_AN_ADDRESS),
    ]


def password_limits(reader: Reader) -> Sequence[Limit]:
    """Return the limits for confirming a password. Failed logins don't count, so they can't block a change."""
    return [_password_limit(reader.id)]


def code_limits(reader: Reader) -> Sequence[Limit]:
    """Return the limits for guessing a second factor. Whoever guesses knows the password, but was never logged in: a
    browser that was can't be blocked by others."""
    device = _device(name_key(reader.name))
    return _code_limits(str(reader.id) if device is None else f"{reader.id} {device}")


def passkey_limits() -> Sequence[Limit]:
    """Return the limits for asking for a passkey's signature. Nobody guesses one, but each takes a row and time."""
    return [_limit("passkey", client_address(), PASSKEY_ATTEMPTS)]


def account_limits(reader_id: int, name: str) -> Sequence[Limit]:
    """Return the limits that an administrator can lift for an account.

    Limits for browsers and addresses are not among them: they end within minutes.
    """
    return [_account_limit(name_key(name)), _password_limit(reader_id), *_code_limits(str(reader_id))]


def report_limits(reader: Reader) -> Sequence[Limit]:
    return [_limit("report", str(reader.id), REPORTS)]


def proposal_limits(reader: Reader) -> Sequence[Limit]:
    return [_limit("proposal", str(reader.id), PROPOSALS)]


def look_up_limits(reader: Reader) -> Sequence[Limit]:
    """Return the limits for asking Open Library, which counts the requests of the whole site."""
    return [_limit("look-up", str(reader.id), LOOK_UPS), _limit("look-ups", "", LOOK_UPS_BY_ALL)]


def upload_limits(reader: Reader) -> Sequence[Limit]:
    return [_limit("upload", str(reader.id), UPLOADS)]


def download_limits(reader: Reader) -> Sequence[Limit]:
    return [_limit("download", str(reader.id), DOWNLOADS)]


def helpful_vote_limits(reader: Reader) -> Sequence[Limit]:
    """Return the limits for finding reviews helpful."""
    return [_limit("helpful", str(reader.id), HELPFUL_VOTES)]


def draft_limits() -> Sequence[Limit]:
    """Return the limits for storing a visitor's drafts on the server."""
    return [_limit("draft", client_address(), DRAFTS)]


def address_group() -> int:
    """Return a number from 0 to 255 for the client's address, which many other addresses share."""
    return _keyed_hash("group", client_address())[0]


def registration_limits() -> Sequence[Limit]:
    return [_limit("registration", client_address(), Rate(flyleaf().config.registrations_per_hour, HOUR))]


def count_attempt(limits: Sequence[Limit]) -> Attempt:
    """Count an attempt and return it. Raises TooManyRequests, with the time to wait, if a limit is reached."""
    with transaction() as connection:
        attempt = insert_attempt(connection, limits)
    if attempt.wait:
        minutes = -(-attempt.wait // 60)
        advice = ngettext(
            "Too many attempts. Wait a minute, then try again.",
            "Too many attempts. Wait %(num)s minutes, then try again.",
            minutes,
        )
        raise TooManyRequests(advice, retry_after=attempt.wait)
    return attempt


@contextmanager
def undone_if_busy(limits: Sequence[Limit], attempt: Attempt) -> Iterator[None]:
    """Undo the attempt if the block raises BusyError, because then nothing was checked."""
    try:
        yield
    except BusyError:
        with transaction() as connection:
            delete_attempt(connection, limits, attempt)
        raise


def remember_device(response: Response, name: str) -> None:
    """Remember that somebody who knows this account's password uses this browser."""
    device = _device_signer(name_key(name)).dumps(secrets.token_urlsafe(16))
    keep_cookie(response, DEVICE_COOKIE, str(device), DEVICE_DAYS * 24 * HOUR)


def _device(key: str) -> str | None:
    """Return this browser's id for the account with this name key, or None if it never logged in to it."""
    cookie = kept_cookie(DEVICE_COOKIE) or request.cookies.get(old_cookie_name(DEVICE_COOKIE)) or ""
    try:
        return str(_device_signer(key).loads(cookie, max_age=DEVICE_DAYS * 24 * HOUR))
    except BadSignature:
        return None


def _device_signer(key: str) -> URLSafeTimedSerializer:
    # The name is only in the signature, so the cookie does not reveal whose it is.
    return URLSafeTimedSerializer(str(current_app.secret_key), salt=f"device {key}", signer_kwargs=SHA256)


def _account_limit(key: str) -> Limit:
    return _limit("account", key, WRONG_PASSWORDS)


def _password_limit(reader_id: int) -> Limit:
    return _limit("password", str(reader_id), WRONG_PASSWORDS)


def _code_limits(whose: str) -> list[Limit]:
    return [_limit("code", whose, WRONG_CODES), _limit("code-day", whose, WRONG_CODES_IN_A_DAY)]


def _limit(what: str, whose: str, rate: Rate) -> Limit:
    return Limit(_keyed_hash(what, whose), rate)


def _keyed_hash(what: str, whose: str) -> bytes:
    # Keyed, so that names and addresses can't be recovered from the tables by brute force.
    message = f"attempts {what} {whose}".encode()
    return hmac.digest(str(current_app.secret_key).encode(), message, hashlib.sha256)


def client_address() -> str:
    """Return the client's address, as trusted proxies report it. For IPv6, return its /64 network."""
    try:
        address = ipaddress.ip_address(request.remote_addr or "")
    except ValueError:  # the site listens on a Unix socket
        return "local"
    if isinstance(address, ipaddress.IPv6Address):
        return str(address.ipv4_mapped or ipaddress.ip_network((address, 64), strict=False))
    return str(address)
