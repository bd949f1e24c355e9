"""Check second factors. Failures are limited, and logged for the account's owner."""

import logging
from collections.abc import Sequence

from flask import current_app

from flyleaf.queries.attempts import delete_attempt
from flyleaf.queries.events import EventKind, insert_event
from flyleaf.queries.readers import Reader
from flyleaf.queries.second_factors import (
    AppSecret,
    select_app_secrets,
    select_recovery_codes,
    use_app_step,
    use_recovery_code,
)
from flyleaf.recovery_codes import verify_code
from flyleaf.sealing import UnreadableError, seal, unseal
from flyleaf.totp import matching_step
from flyleaf.web.attempts import code_limits, count_attempt, undone_if_busy
from flyleaf.web.current import transaction

logger = logging.getLogger("flyleaf.second_factors")


def check_app_code(reader: Reader, code: str) -> bool:
    """Return whether one of the reader's apps shows this code now. If so, the code can't be used again.

    Raises TooManyRequests; and UnreadableError if SECRET_KEY has changed, so that no code can be checked.
    """
    limits = code_limits(reader)
    attempt = count_attempt(limits)
    with transaction() as connection:
        matches = _matches(reader, select_app_secrets(connection, reader.id), code)
        is_right = any(use_app_step(connection, app_id, step) for app_id, step in matches)
        if is_right:
            delete_attempt(connection, limits, attempt)
        else:
            insert_event(connection, EventKind.SECOND_FACTOR_REFUSED, reader.id)
    return is_right


def check_recovery_code(reader: Reader, code: str) -> bool:
    """Return whether this is one of the reader's recovery codes. If so, it can't be used again.

    Raises TooManyRequests and BusyError.
    """
    limits = code_limits(reader)
    attempt = count_attempt(limits)
    with transaction() as connection:
        kept = select_recovery_codes(connection, reader.id)
    # Hold no connection while the hashes are computed: they take as long as two hundred queries.
    with undone_if_busy(limits, attempt):
        found = next((one for one in kept if verify_code(one.code_hash, code)), None)
    with transaction() as connection:
        is_right = found is not None and use_recovery_code(connection, found.id)
        if is_right:
            delete_attempt(connection, limits, attempt)
        kind = EventKind.RECOVERY_CODE_USED if is_right else EventKind.SECOND_FACTOR_REFUSED
        insert_event(connection, kind, reader.id)
    return is_right


def seal_app_secret(reader: Reader, secret: str) -> bytes:
    """Return the secret of an authenticator app as the database stores it."""
    return seal(str(current_app.secret_key), secret.encode(), reader.id)


def _matches(reader: Reader, apps: Sequence[AppSecret], code: str) -> list[tuple[int, int]]:
    """Return the apps that show this code, each with its step. Raises UnreadableError if no app can be read."""
    secrets: dict[int, str] = {}
    for app in apps:
        try:
            secrets[app.app_id] = unseal(str(current_app.secret_key), app.secret, reader.id).decode()
        except UnreadableError as error:
            logger.error("unreadable", extra={"cause": str(error)})  # noqa: TRY400
    if apps and not secrets:
        raise UnreadableError("no authenticator app of this reader can be checked")
    steps = {app_id: matching_step(secret, code) for app_id, secret in secrets.items()}
    return [(app_id, step) for app_id, step in steps.items() if step is not None]
