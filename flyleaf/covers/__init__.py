"""Covers for books without a picture: drawn from title and author, the same one each time."""
