"""Compare the search with other engines, on the same books and queries in one run.

    catalogue.py    makes a catalogue of any size from the shipped books
    workload.py     makes queries that readers looking for a book would type
    kinds.py        the kinds of queries: with words left out or changed
    surplus.py      … and with extra words
    scoring.py      the rank of the book, and the time a query took
    peer.py         an engine to compare with: tantivy
    fts5.py         a simple one: SQLite's FTS5
    product.py      the site's search, on a server of its own
    building.py     keeps catalogues and indexes for the next run
    reports.py      prints the results
    determinism.py  checks that the same query always gets the same answer
    adversarial.py  queries designed to be slow

Random choices are seeded: the same numbers give the same books and queries on every machine.
"""
