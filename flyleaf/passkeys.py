"""Passkeys, which browsers offer as WebAuthn. The library webauthn makes the questions and verifies the answers.

It takes half a second to load, so it is imported when a passkey is used.
"""

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from flyleaf.queries.passkeys import NewPasskey

CHALLENGE = 32  # bytes
ANSWER_MAX = 20_000  # characters


class PasskeyRefusedError(ValueError):
    """An answer is malformed, or was not signed by this passkey for this site and challenge."""


@dataclass(frozen=True, slots=True)
class PasskeySite:
    """The site as authenticators know it: a passkey belongs to a host name, and works on pages of these origins."""

    host: str
    origins: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a browser sends. `challenge` and `credential_id` are not verified."""

    text: str
    challenge: bytes
    credential_id: bytes
    user_handle: bytes | None


@dataclass(frozen=True, slots=True)
class UsedPasskey:
    """`is_user_verified`: the authenticator has checked a PIN, a finger or a face."""

    sign_count: int
    is_user_verified: bool


def new_challenge() -> bytes:
    return secrets.token_bytes(CHALLENGE)


def creation_question(
    site: PasskeySite, challenge: bytes, user_handle: bytes, reader_name: str, existing: Sequence[bytes]
) -> dict[str, Any]:
    """Return the options of navigator.credentials.create(). Authenticators with an existing passkey refuse."""
    from webauthn import generate_registration_options
    from webauthn.helpers.structs import (
        AuthenticatorSelectionCriteria,
        ResidentKeyRequirement,
        UserVerificationRequirement,
    )

    return _as_json(
        generate_registration_options(
            rp_id=site.host,
            rp_name="Flyleaf",
            user_name=reader_name,
            user_id=user_handle,
            challenge=challenge,
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.PREFERRED, user_verification=UserVerificationRequirement.PREFERRED
            ),
            exclude_credentials=_descriptors(existing),
        )
    )


def login_question(
    site: PasskeySite, challenge: bytes, allowed: Sequence[bytes], *, must_verify_user: bool
) -> dict[str, Any]:
    """Return the options of navigator.credentials.get(). Without `allowed`, the authenticator knows who logs in."""
    from webauthn import generate_authentication_options
    from webauthn.helpers.structs import UserVerificationRequirement

    required, preferred = UserVerificationRequirement.REQUIRED, UserVerificationRequirement.PREFERRED
    return _as_json(
        generate_authentication_options(
            rp_id=site.host,
            challenge=challenge,
            allow_credentials=_descriptors(allowed),
            user_verification=required if must_verify_user else preferred,
        )
    )


def read_answer(text: str) -> Answer:
    """Return what the answer says, before it is verified. Raises PasskeyRefusedError."""
    from webauthn import base64url_to_bytes

    if len(text) > ANSWER_MAX:
        raise PasskeyRefusedError("too long")
    try:
        answer = json.loads(text)
        client_data = json.loads(base64url_to_bytes(answer["response"]["clientDataJSON"]))
        user_handle = answer["response"].get("userHandle")
        return Answer(
            text,
            base64url_to_bytes(client_data["challenge"]),
            base64url_to_bytes(answer["id"]),
            base64url_to_bytes(user_handle) if user_handle else None,
        )
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise PasskeyRefusedError("malformed") from error


def verify_creation(site: PasskeySite, answer: Answer) -> NewPasskey:
    """Return the passkey that an authenticator has made. Raises PasskeyRefusedError."""
    from webauthn import verify_registration_response
    from webauthn.helpers.exceptions import WebAuthnException

    try:
        created = verify_registration_response(
            credential=answer.text,
            expected_challenge=answer.challenge,
            expected_rp_id=site.host,
            expected_origin=list(site.origins),
        )
    except (WebAuthnException, ValueError) as error:
        raise PasskeyRefusedError(str(error)) from error
    return NewPasskey(created.credential_id, created.credential_public_key, created.sign_count)


def verify_login(site: PasskeySite, answer: Answer, public_key: bytes, sign_count: int) -> UsedPasskey:
    """Return how the passkey with this public key has signed the answer. Raises PasskeyRefusedError."""
    from webauthn import verify_authentication_response
    from webauthn.helpers.exceptions import WebAuthnException

    try:
        used = verify_authentication_response(
            credential=answer.text,
            expected_challenge=answer.challenge,
            expected_rp_id=site.host,
            expected_origin=list(site.origins),
            credential_public_key=public_key,
            credential_current_sign_count=sign_count,
        )
    except (WebAuthnException, ValueError) as error:
        raise PasskeyRefusedError(str(error)) from error
    return UsedPasskey(used.new_sign_count, used.user_verified)


def _descriptors(credential_ids: Sequence[bytes]) -> list[Any]:
    from webauthn.helpers.structs import PublicKeyCredentialDescriptor

    return [PublicKeyCredentialDescriptor(id=one) for one in credential_ids]


def _as_json(options: Any) -> dict[str, Any]:
    from webauthn import options_to_json

    return cast(dict[str, Any], json.loads(options_to_json(options)))
