"""Rows into the staging table, and from there into the catalogue."""
