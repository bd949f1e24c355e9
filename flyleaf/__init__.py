"""Flyleaf: a book search and review site that anyone can run with one command.

Empty on purpose: the importer and the keeper of the embedded database start without Flask. The application factory
is `flyleaf.app.create_app`.
"""
