"""What the site answers: a module a noun, with its routes and nothing else."""

from flask import Flask

from flyleaf.views import (
    access,
    api,
    assets,
    books,
    errors,
    filters,
    forms,
    health,
    notices,
    readers,
    requests,
    reviews,
    search,
    welcome,
)


def register(app: Flask) -> None:
    """Hang every route, error page and header into the application."""
    requests.register(app)
    access.register(app)
    errors.register(app)
    assets.register(app)
    filters.register(app)
    forms.register(app)
    notices.register(app)
    for room in (health, welcome, readers, search, books, reviews, api):
        app.register_blueprint(room.blueprint)
