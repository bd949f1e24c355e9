"""What every answer tells browsers, whoever gives it: a page, a file, an error, the gateway before the application."""

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
# A year. A host below the site's could otherwise set cookies for it without encryption.
_HSTS = {"Strict-Transport-Security": "max-age=31536000; includeSubDomains"}


def security_headers(*, https: bool) -> dict[str, str]:
    """The headers of an answer that says nothing else about them."""
    return _ALWAYS | _HSTS if https else _ALWAYS
