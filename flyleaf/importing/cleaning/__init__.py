"""What the catalogue can hold: from the cells of a file's records to rows for COPY."""
