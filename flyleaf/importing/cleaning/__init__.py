"""Turn the cells of records into rows that fit the catalogue."""
