"""What every page shares: sessions and access, forms and their tokens, errors, languages, assets, headers."""

from flask import Flask

from flyleaf.web import (
    access,
    addresses,
    assets,
    compression,
    cookies,
    covers,
    drafts,
    errors,
    filters,
    forms,
    languages,
    login_provider,
    notices,
    numbers,
    passkeys,
    preferences,
    reading,
    remembered,
    requests,
    watching,
)


def register(app: Flask) -> None:
    """Register the request hooks, error pages and template filters in the order in which they run."""
    for room in (
        requests,
        cookies,
        access,
        languages,
        errors,
        addresses,
        assets,
        compression,
        covers,
        filters,
        forms,
        drafts,
        login_provider,
        notices,
        passkeys,
        numbers,
        preferences,
        reading,
        remembered,
        watching,
    ):
        room.register(app)
