"""The search against a dedicated engine, on the same books and the same queries, in one run.

    catalogue.py    as many books as wanted, made of those that are shipped
    workload.py     what readers who mean one of them would type
    kinds.py        in which ways they would
    scoring.py      where the book came, and what it took
    peer.py         the engine to compare with: tantivy
    product.py      the search of the site, on a server of its own
    adversarial.py  queries made to be slow

Nothing here is random twice: books and queries are the same for the same numbers, on every machine.
"""
