"""Time-based one-time passwords, the codes of authenticator apps (RFC 6238): pyotp makes them, segno draws the QR code.

Six digits of SHA-1, new every 30 seconds: other variants are ignored by some apps.
"""

import hmac
from time import time

import pyotp

DIGITS = 6
STEP_SECONDS = 30
DRIFT = 1  # steps by which the clock of an app may be wrong, as RFC 6238 recommends


def new_secret() -> str:
    """Return 160 random bits in base32."""
    return pyotp.random_base32()


def app_address(secret: str, reader_name: str, site: str) -> str:
    """Return the otpauth: address with which an app is set up."""
    return pyotp.TOTP(secret).provisioning_uri(name=reader_name, issuer_name=f"Flyleaf {site}")


def qr_code(address: str) -> str:
    """Return an SVG element that shows the address: dark on light in every theme, as some scanners need it."""
    import segno  # takes a tenth of a second, and is needed only when an app is added

    code = segno.make_qr(address, error="m")
    return str(code.svg_inline(scale=4, border=4, dark="#000", light="#fff", omitsize=True, svgclass=None))


def matching_step(secret: str, code: str) -> int | None:
    """Return the latest step, not too far from now, whose code this is; None if there is none.

    Every step is compared, in constant time.
    """
    app = pyotp.TOTP(secret)
    current = int(time()) // STEP_SECONDS
    found = None
    for step in range(current - DRIFT, current + DRIFT + 1):
        if hmac.compare_digest(app.generate_otp(step).encode(), code.encode()):
            found = step
    return found
