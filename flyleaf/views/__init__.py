"""The pages and the API: a module for each noun, with its routes and forms."""

from flask import Flask

from flyleaf.views import (
    account,
    api,
    api_tokens,
    api_v1,
    authors,
    books,
    corrections,
    covers,
    feeds,
    health,
    held_ratings,
    helpful_votes,
    invitations,
    login_links,
    login_provider,
    metrics,
    moderated_proposals,
    moderation,
    new_books,
    own_data,
    passkeys,
    password_resets,
    preferences,
    privacy,
    profiles,
    proposals,
    proposed_books,
    readers,
    registrations,
    reports,
    reviews,
    search,
    second_factors,
    second_step,
    series,
    shelved_books,
    shelves,
    subjects,
    uploads,
    welcome,
    work_corrections,
)


def register(app: Flask) -> None:
    """Register every page with the application."""
    for room in (
        health,
        metrics,
        welcome,
        readers,
        search,
        books,
        covers,
        reviews,
        authors,
        series,
        subjects,
        new_books,
        profiles,
        feeds,
        preferences,
        privacy,
        account,
        uploads,
        api,
    ):
        app.register_blueprint(room.blueprint)
    for room in (
        own_data,
        helpful_votes,
        held_ratings,
        api_tokens,
        second_step,
        second_factors,
        passkeys,
        password_resets,
        login_links,
        login_provider,
    ):
        app.register_blueprint(room.blueprint)
    for room in (shelved_books, shelves):
        app.register_blueprint(room.blueprint)
    for room in (proposed_books, proposals, moderated_proposals):
        app.register_blueprint(room.blueprint)
    for room in (reports, moderation, invitations, registrations, corrections, work_corrections):
        app.register_blueprint(room.blueprint)
    api_v1.register(app)
