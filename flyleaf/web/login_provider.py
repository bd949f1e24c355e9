"""The site whose accounts readers can log in with (OpenID Connect). Authlib speaks the protocol and checks the answers.

What has to be remembered until the provider sends the reader back (state, nonce, PKCE's verifier) is in a signed
cookie, so that nothing is stored for visitors. Nobody holds a database connection while the provider is asked.
"""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any, cast

from flask import Flask, current_app, g
from itsdangerous import BadSignature, URLSafeTimedSerializer
from werkzeug.wrappers import Response

from flyleaf.limits import SUBJECT_MAX
from flyleaf.web.cookies import drop_cookie, keep_cookie, kept_cookie
from flyleaf.web.current import flyleaf
from flyleaf.web.forms import SHA256

logger = logging.getLogger("flyleaf.login_provider")
COOKIE = "login-provider"
COOKIE_SECONDS = 10 * 60  # to log in at the provider
AT_ONCE = 2  # requests to the provider, of a worker's eight threads
_EXTENSION = "flyleaf-login-provider"


class ProviderError(RuntimeError):
    """The provider can't be reached, or its answer is not valid."""


@dataclass(frozen=True, slots=True)
class Identity:
    """An account at the provider. `name` is what the provider suggests as a username, perhaps empty."""

    issuer: str
    subject: str
    name: str


@dataclass(frozen=True, slots=True)
class LoginRequest:
    """What a login at the provider is for. `reader_id` is the logged-in reader who connects an account there."""

    next_path: str | None = None
    reader_id: int | None = None
    invitation: str | None = None


@dataclass(frozen=True)
class _Provider:
    client: Any  # Authlib is untyped
    faults: tuple[type[Exception], ...]
    turns: threading.BoundedSemaphore


def register(app: Flask) -> None:
    """Set up the provider that the settings name, and tell templates about it."""
    config = app.extensions["flyleaf"].config
    app.jinja_env.globals["login_provider"] = config.oidc_name
    app.jinja_env.globals["has_password_login"] = config.password_login
    if config.oidc_issuer is None:
        return
    from flyleaf.web import oidc_client  # with Authlib, which a start without a provider need not wait for

    client = oidc_client.make(app, config)
    app.extensions[_EXTENSION] = _Provider(client, oidc_client.FAULTS, threading.BoundedSemaphore(AT_ONCE))


def has_provider() -> bool:
    return _EXTENSION in current_app.extensions


def redirect_to_provider(callback: str, wanted: LoginRequest) -> Response:
    """Return the redirect to the provider, which sends the browser back to `callback`. Raises ProviderError."""
    with _asking() as client:
        if client.load_server_metadata().get("issuer") != flyleaf().config.oidc_issuer:
            raise ProviderError("the provider calls itself another issuer than OIDC_ISSUER")
        response = cast(Response, client.authorize_redirect(callback))
    state = {name: value for name, value in g.login_state.items() if name != "url"}  # from oidc_client
    keep_cookie(response, COOKIE, str(_signer().dumps(state | {"wanted": asdict(wanted)})), COOKIE_SECONDS)
    return response


def returned_identity() -> tuple[Identity, LoginRequest]:
    """Return the identity that the provider vouches for in this request, and what the login is for. Raises
    ProviderError."""
    kept = kept_state() or {}
    with _asking() as client:
        token = client.authorize_access_token()
    claims = token.get("userinfo") or {}
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 1 <= len(subject) <= SUBJECT_MAX or not subject.isprintable():
        raise ProviderError("the provider named no subject")
    name = claims.get("preferred_username") or claims.get("nickname") or claims.get("name") or ""
    identity = Identity(str(flyleaf().config.oidc_issuer), subject, name if isinstance(name, str) else "")
    return identity, LoginRequest(**kept["wanted"])


def forget_login(response: Response) -> Response:
    """Drop the cookie of a login at the provider."""
    drop_cookie(response, COOKIE)
    return response


def keep_identity(response: Response, identity: Identity, wanted: LoginRequest) -> None:
    """Remember the identity of somebody who has to choose a username, in the same cookie."""
    kept = {"identity": asdict(identity), "wanted": asdict(wanted)}
    keep_cookie(response, COOKIE, str(_signer("identity").dumps(kept)), COOKIE_SECONDS)


def kept_identity() -> tuple[Identity, LoginRequest] | None:
    """Return the identity of somebody who has to choose a username, and what the login is for, or None."""
    kept = _kept("identity")
    return None if kept is None else (Identity(**kept["identity"]), LoginRequest(**kept["wanted"]))


def kept_state() -> dict[str, Any] | None:
    """Return what redirect_to_provider() has kept in this browser, or None."""
    return _kept("state")


@contextmanager
def _asking() -> Iterator[Any]:
    """Yield the client, to a few threads at once, so that a slow provider doesn't stop the site. Raises
    ProviderError."""
    provider = cast(_Provider, current_app.extensions[_EXTENSION])
    if not provider.turns.acquire(blocking=False):
        raise ProviderError("too many logins are waiting for the provider")
    try:
        yield provider.client
    except provider.faults as error:
        logger.warning("provider failed", extra={"cause": f"{type(error).__name__}: {error}"[:300]})
        raise ProviderError(str(error)) from error
    finally:
        provider.turns.release()


def _kept(purpose: str) -> dict[str, Any] | None:
    try:
        kept = _signer(purpose).loads(kept_cookie(COOKIE) or "", max_age=COOKIE_SECONDS)
    except BadSignature:
        return None
    return kept if isinstance(kept, dict) else None


def _signer(purpose: str = "state") -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(str(current_app.secret_key), salt=f"login provider {purpose}", signer_kwargs=SHA256)
