"""What the site answers: a module a noun, with its routes and nothing else."""

from flask import Flask

from flyleaf.views import (
    access,
    account,
    api,
    assets,
    authors,
    books,
    compression,
    cookies,
    errors,
    filters,
    forms,
    health,
    languages,
    moderation,
    notices,
    password_resets,
    preferences,
    profiles,
    readers,
    reports,
    requests,
    reviews,
    search,
    welcome,
)


def register(app: Flask) -> None:
    """Hang every route, error page and header into the application."""
    requests.register(app)
    cookies.register(app)
    access.register(app)
    languages.register(app)
    errors.register(app)
    assets.register(app)
    compression.register(app)
    filters.register(app)
    forms.register(app)
    notices.register(app)
    preferences.register(app)
    for room in (health, welcome, readers, search, books, reviews, authors, profiles, preferences, account, api):
        app.register_blueprint(room.blueprint)
    for room in (password_resets, reports, moderation):
        app.register_blueprint(room.blueprint)
