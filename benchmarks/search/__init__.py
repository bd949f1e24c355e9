"""The search beside other engines, on the same books and the same queries, in one run.

    catalogue.py    as many books as wanted, made of those that are shipped
    workload.py     what readers who mean one of them would type
    kinds.py        in which ways they would, with words left out or changed
    surplus.py      … and with words too many
    scoring.py      where the book came, and what it took
    peer.py         an engine to compare with: tantivy
    fts5.py         a plain one: SQLite's FTS5
    product.py      the search of the site, on a server of its own
    building.py     what is kept for the next run
    reports.py      what is printed
    determinism.py  whether the same query has the same answer
    adversarial.py  queries made to be slow

Nothing here is random twice: books and queries are the same for the same numbers, on every machine.
"""
