"""Move rows to the staging table and from there to the catalogue."""
