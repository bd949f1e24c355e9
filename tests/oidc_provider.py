"""An OpenID Connect provider for tests: authorization code with PKCE, on a port of this machine."""

import base64
import hashlib
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from flask import Flask, jsonify, request
from flask.typing import ResponseReturnValue
from joserfc import jwt
from joserfc.jwk import RSAKey
from werkzeug.serving import make_server

CLIENT_ID, CLIENT_SECRET = "flyleaf", "a secret of the tests"


@dataclass
class Provider:
    """The provider, and how its next answers differ from what they should be."""

    issuer: str = ""
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "one", "use": "sig"}))
    claims: dict[str, Any] = field(default_factory=dict)  # that replace the right ones in the next ID token
    signing_key: RSAKey | None = None  # another one than it publishes
    token_status: int = 200
    own_issuer: str | None = None  # that the discovery document names
    _codes: dict[str, dict[str, Any]] = field(default_factory=dict)

    def approve(self, address: str, subject: str, name: str = "") -> str:
        """Return the callback's path and query after the account `subject` has logged in at this authorization
        request."""
        asked = {key: values[0] for key, values in parse_qs(urlsplit(address).query).items()}
        assert address.startswith(f"{self.issuer}/authorize?")
        assert (asked["client_id"], asked["response_type"]) == (CLIENT_ID, "code")
        assert asked["code_challenge_method"] == "S256"
        assert asked["nonce"]
        code = secrets.token_urlsafe(16)
        self._codes[code] = asked | {"sub": subject, "preferred_username": name}
        callback = urlsplit(asked["redirect_uri"])
        return f"{callback.path}?{urlencode({'code': code, 'state': asked['state']})}"

    def app(self) -> Flask:
        app = Flask("provider")
        app.add_url_rule("/.well-known/openid-configuration", view_func=self._discovery)
        app.add_url_rule("/jwks", view_func=self._jwks)
        app.add_url_rule("/token", view_func=self._token, methods=["POST"])
        return app

    def _discovery(self) -> ResponseReturnValue:
        return jsonify(
            issuer=self.own_issuer or self.issuer,
            authorization_endpoint=f"{self.issuer}/authorize",
            token_endpoint=f"{self.issuer}/token",
            jwks_uri=f"{self.issuer}/jwks",
            response_types_supported=["code"],
            subject_types_supported=["public"],
            id_token_signing_alg_values_supported=["RS256"],
        )

    def _jwks(self) -> ResponseReturnValue:
        return jsonify(keys=[self.key.as_dict(private=False)])

    def _token(self) -> ResponseReturnValue:
        sent = self._codes.pop(request.form["code"], None)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(request.form["code_verifier"].encode()).digest())
        user = request.authorization
        if (
            sent is None
            or user is None
            or (user.username, user.password) != (CLIENT_ID, CLIENT_SECRET)
            or challenge.rstrip(b"=").decode() != sent["code_challenge"]
            or request.form["redirect_uri"] != sent["redirect_uri"]
        ):
            return jsonify(error="invalid_grant"), 400
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": CLIENT_ID,
            "sub": sent["sub"],
            "preferred_username": sent["preferred_username"],
            "nonce": sent["nonce"],
            "iat": now,
            "exp": now + 300,
        }
        key = self.signing_key or self.key
        token = jwt.encode({"alg": "RS256", "kid": "one"}, claims | self.claims, key)
        answer = jsonify(access_token=secrets.token_urlsafe(8), token_type="Bearer", id_token=token)
        return answer, self.token_status


@contextmanager
def running_provider() -> Iterator[Provider]:
    provider = Provider()
    server = make_server("127.0.0.1", 0, provider.app(), threaded=True)
    provider.issuer = f"http://127.0.0.1:{server.port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    yield provider
    server.shutdown()
    thread.join(5)
