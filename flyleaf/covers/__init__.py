"""Covers for books without a picture, drawn from title and author; a book always gets the same one."""
