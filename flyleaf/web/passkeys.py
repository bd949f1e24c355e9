"""Questions for passkeys, and the checks of their answers. A question is for one purpose and one browser, and can be
answered once."""

import hashlib
import hmac
import ipaddress
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, current_app, request

from flyleaf.passkeys import (
    PasskeyRefusedError,
    PasskeySite,
    creation_question,
    login_question,
    new_challenge,
    read_answer,
    verify_creation,
    verify_login,
)
from flyleaf.queries.passkeys import (
    NewPasskey,
    PasskeyLogin,
    insert_passkey_challenge,
    select_credential_ids,
    select_passkey_login,
    use_passkey,
    use_passkey_challenge,
)
from flyleaf.queries.readers import Credentials, Reader
from flyleaf.web.attempts import count_attempt, passkey_limits
from flyleaf.web.current import flyleaf, transaction
from flyleaf.web.forms import browser_secret


def register(app: Flask) -> None:
    app.jinja_env.globals["passkey_site"] = passkey_site


def passkey_site() -> PasskeySite | None:
    """Return the site as authenticators know it, by the address in the browser.

    Return None if no browser offers passkeys there: they need a host name, and HTTPS unless it is localhost.
    """
    address = urlsplit(request.host_url)
    host = address.hostname or ""
    is_https = request.is_secure or flyleaf().config.https
    if _is_ip(host) or not (is_https or host == "localhost" or host.endswith(".localhost")):
        return None
    # HTTPS=1 says what browsers see, also if the proxy does not; localhost may be opened without it.
    return PasskeySite(
        host, (f"{'https' if is_https else 'http'}://{request.host}", f"{address.scheme}://{request.host}")
    )


def ask_for_creation(reader: Reader, site: PasskeySite) -> dict[str, Any]:
    """Return the question with which a browser makes a passkey for this reader."""
    challenge = new_challenge()
    with transaction() as connection:
        insert_passkey_challenge(connection, challenge, _owner(f"new {reader.id}"))
        existing = select_credential_ids(connection, reader.id, site.host)
    return creation_question(site, challenge, user_handle(reader), reader.name, existing)


def check_creation(reader: Reader, site: PasskeySite, text: str) -> NewPasskey:
    """Return the passkey that was made. Raises PasskeyRefusedError."""
    answer = read_answer(text)
    with transaction() as connection:
        is_asked = use_passkey_challenge(connection, answer.challenge, _owner(f"new {reader.id}"))
    if not is_asked:
        raise PasskeyRefusedError("an answer to no question")
    return verify_creation(site, answer)


def ask_for_login(site: PasskeySite, pending: Credentials | None) -> dict[str, Any]:
    """Return the question for a passkey of the reader whose password was right; or, without one, for any passkey that
    also checks who uses it. Raises TooManyRequests."""
    count_attempt(passkey_limits())
    challenge = new_challenge()
    with transaction() as connection:
        insert_passkey_challenge(connection, challenge, _owner("login"))
        allowed = select_credential_ids(connection, pending.reader.id, site.host) if pending else []
    return login_question(site, challenge, allowed, must_verify_user=pending is None)


def check_login(site: PasskeySite, pending: Credentials | None, text: str) -> PasskeyLogin:
    """Return the passkey that has signed the answer, and whose it is. Raises PasskeyRefusedError.

    Without the password of its reader, the authenticator must have checked a PIN, a finger or a face.
    """
    answer = read_answer(text)
    with transaction() as connection:
        is_asked = use_passkey_challenge(connection, answer.challenge, _owner("login"))
        found = select_passkey_login(connection, answer.credential_id, site.host) if is_asked else None
    if found is None:
        raise PasskeyRefusedError("an answer to no question, or an unknown passkey")
    used = verify_login(site, answer, found.public_key, found.sign_count)
    if answer.user_handle not in (None, found.user_handle):
        raise PasskeyRefusedError("a passkey of another reader")
    is_second = pending is not None and pending.reader.id == found.credentials.reader.id
    if not (is_second or used.is_user_verified):
        raise PasskeyRefusedError("one factor alone")
    with transaction() as connection:
        if not use_passkey(connection, found.id, used.sign_count):
            raise PasskeyRefusedError("removed, or copied")
    return found


def user_handle(reader: Reader) -> bytes:
    """Return 32 bytes by which authenticators know the reader, and which tell nothing to others."""
    key = str(current_app.secret_key).encode()
    return hmac.digest(key, f"passkey-reader {reader.id}".encode(), hashlib.sha256)


def _owner(purpose: str) -> str:
    return f"{purpose} {browser_secret()}"


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
