"""Authlib's OpenID Connect client, with the state of a login in a cookie instead of the session."""

from typing import Any

from authlib.common.errors import AuthlibBaseError  # type: ignore[import-untyped]
from authlib.integrations.flask_client import FlaskIntegration, OAuth  # type: ignore[import-untyped]
from flask import Flask, g
from joserfc.errors import JoseError
from requests import RequestException

from flyleaf.config import Config
from flyleaf.web.login_provider import kept_state

TIMEOUT = 5  # seconds for each of the provider's answers
# What the client raises for a provider that can't be reached or doesn't keep to the protocol.
FAULTS = (AuthlibBaseError, JoseError, RequestException, ValueError, RuntimeError, KeyError)


class _SignedCookie(FlaskIntegration):  # type: ignore[misc]  # Authlib is untyped
    """Keeps the state of a login in the cookie of web/login_provider.py."""

    def set_state_data(self, session: Any, state: str, data: dict[str, Any]) -> None:
        g.login_state = data | {"state": state}

    def get_state_data(self, session: Any, state: str) -> dict[str, Any] | None:
        kept = kept_state()
        return kept if kept is not None and kept.get("state") == state else None

    def clear_state_data(self, session: Any, state: str) -> None:
        """The view drops the cookie with its response."""


class _OAuth(OAuth):  # type: ignore[misc]
    framework_integration_cls = _SignedCookie


def make(app: Flask, config: Config) -> Any:
    """Return the client for the provider that the settings name."""
    return _OAuth(app).register(
        "provider",
        client_id=config.oidc_client_id,
        client_secret=config.oidc_client_secret,
        server_metadata_url=f"{str(config.oidc_issuer).rstrip('/')}/.well-known/openid-configuration",
        client_kwargs={"scope": "openid profile", "code_challenge_method": "S256", "default_timeout": TIMEOUT},
    )
