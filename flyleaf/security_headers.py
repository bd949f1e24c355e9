"""The security headers of every response: pages, files, errors, and what the gateway sends itself."""

from functools import cache

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "style-src 'self'",
        "script-src 'self'",
        "connect-src 'self'",
        "img-src 'self'",
        "form-action 'self'",
        "object-src 'none'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
_OF_FILES = ("style-src 'self'", "script-src 'self'", "img-src 'self'")
_ALWAYS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cache-Control": "no-store",
}
# One year, with subdomains: an unencrypted subdomain could otherwise set cookies for the site.
_HSTS = {"Strict-Transport-Security": "max-age=31536000; includeSubDomains"}


@cache
def security_headers(*, https: bool, static_url: str = "") -> dict[str, str]:
    """Return the headers; a response may override them. `static_url` is where style sheets and scripts are, too."""
    headers = _ALWAYS | _HSTS if https else _ALWAYS
    if not static_url:
        return headers
    policy = CONTENT_SECURITY_POLICY
    for directive in _OF_FILES:
        policy = policy.replace(directive, f"{directive} {static_url}/")
    return headers | {"Content-Security-Policy": policy}
