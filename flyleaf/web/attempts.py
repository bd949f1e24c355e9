"""How often a visitor may try: wrong passwords, registrations. Asked before a password is hashed, which is what costs.

A browser that has logged in to an account keeps a device cookie (OWASP: "Slow Down Online Guessing Attacks with Device
Cookies"). Its wrong passwords are counted for it alone, and all others' together: whoever guesses at Alice's account
from all over the world keeps out new browsers for as long as it goes on, and never the ones that Alice uses.
"""

import hashlib
import hmac
import ipaddress
import secrets
from collections.abc import Sequence

from flask import current_app, request
from flask_babel import ngettext
from itsdangerous import BadSignature, URLSafeTimedSerializer
from werkzeug.exceptions import TooManyRequests
from werkzeug.wrappers import Response

from flyleaf.limits import DRAFTS, REPORTS, WRONG_PASSWORDS, WRONG_PASSWORDS_FROM_AN_ADDRESS, Rate
from flyleaf.queries.attempts import Attempt, Limit, insert_attempt
from flyleaf.queries.readers import Reader, name_key
from flyleaf.web.cookies import keep_cookie, kept_cookie, old_cookie_name
from flyleaf.web.current import flyleaf, transaction
from flyleaf.web.forms import SHA256

DEVICE_COOKIE = "device"
DEVICE_DAYS = 180
HOUR = 60 * 60  # seconds


def login_limits(name: str) -> Sequence[Limit]:
    """Of logging in under this name, whether or not there is such a reader."""
    key = name_key(name)
    device = _device(key)
    if device is not None:
        return [_limit("device", f"{device} {key}", WRONG_PASSWORDS)]
    return [_account_limit(key), _limit("address", _address(), WRONG_PASSWORDS_FROM_AN_ADDRESS)]


def password_limits(reader: Reader) -> Sequence[Limit]:
    """Of saying one's password once more. Apart from log-ins: who tries those can't keep a reader from changing it."""
    return [_password_limit(reader.id)]


def account_limits(reader_id: int, name: str) -> Sequence[Limit]:
    """What is counted of an account as a whole, and can be lifted for it; browsers and addresses have limits of their
    own, which end within minutes."""
    return [_account_limit(name_key(name)), _password_limit(reader_id)]


def report_limits(reader: Reader) -> Sequence[Limit]:
    return [_limit("report", str(reader.id), REPORTS)]


def draft_limits() -> Sequence[Limit]:
    """Of keeping on the server what a visitor has sent."""
    return [_limit("draft", _address(), DRAFTS)]


def registration_limits() -> Sequence[Limit]:
    return [_limit("registration", _address(), Rate(flyleaf().config.registrations_per_hour, HOUR))]


def count_attempt(limits: Sequence[Limit]) -> Attempt:
    """Raises TooManyRequests, which says when it may be tried again, where a limit is reached."""
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


def remember_device(response: Response, name: str) -> None:
    """That somebody who knows the password of this account uses this browser."""
    device = _device_signer(name_key(name)).dumps(secrets.token_urlsafe(16))
    keep_cookie(response, DEVICE_COOKIE, str(device), DEVICE_DAYS * 24 * HOUR)


def _device(key: str) -> str | None:
    """What this browser is called in the account with this name key; None where it has never been logged in there."""
    cookie = kept_cookie(DEVICE_COOKIE) or request.cookies.get(old_cookie_name(DEVICE_COOKIE)) or ""
    try:
        return str(_device_signer(key).loads(cookie, max_age=DEVICE_DAYS * 24 * HOUR))
    except BadSignature:
        return None


def _device_signer(key: str) -> URLSafeTimedSerializer:
    # The name is a part of the signature alone: who reads the cookie does not learn whose it is.
    return URLSafeTimedSerializer(str(current_app.secret_key), salt=f"device {key}", signer_kwargs=SHA256)


def _account_limit(key: str) -> Limit:
    return _limit("account", key, WRONG_PASSWORDS)


def _password_limit(reader_id: int) -> Limit:
    return _limit("password", str(reader_id), WRONG_PASSWORDS)


def _limit(what: str, whose: str, rate: Rate) -> Limit:
    # Keyed, so that names and addresses can't be found out from the table by trying all there are.
    message = f"attempts {what} {whose}".encode()
    return Limit(hmac.digest(str(current_app.secret_key).encode(), message, hashlib.sha256), rate)


def _address() -> str:
    """The peer's, or what trusted proxies (TRUSTED_PROXIES) say of theirs; of IPv6 the network that a customer gets."""
    try:
        address = ipaddress.ip_address(request.remote_addr or "")
    except ValueError:  # the site listens on a socket of the machine itself
        return "local"
    if isinstance(address, ipaddress.IPv6Address):
        return str(address.ipv4_mapped or ipaddress.ip_network((address, 64), strict=False))
    return str(address)
