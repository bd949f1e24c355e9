"""Titles that were imported before series were read from them."""

from sqlalchemy import Connection, text

from flyleaf.series import read_title, with_series

TITLES_AT_ONCE = 500  # the search follows so few at once


def read_next_titles(connection: Connection) -> bool:
    """Move the series in some titles to the books' series. Return False if there are none to read.

    Titles that an import is changing are left for later.
    """
    rows = connection.execute(
        text("""
            SELECT b.id, b.title, b.series
              FROM unread_titles AS u
              JOIN books AS b ON b.id = u.book_id
             ORDER BY u.book_id
             LIMIT :limit
               FOR UPDATE SKIP LOCKED
        """),
        {"limit": TITLES_AT_ONCE},
    ).all()
    changed = []
    for row in rows:
        title, found = read_title(row.title)
        if found:
            changed.append((row.id, title, with_series(row.series or "", found) or None))
    if changed:
        ids, titles, series = map(list, zip(*changed, strict=True))
        connection.execute(
            text("""
                UPDATE books
                   SET title = new.title, series = new.series
                  FROM unnest(CAST(:ids AS bigint[]), CAST(:titles AS text[]), CAST(:series AS text[]))
                           AS new (id, title, series)
                 WHERE books.id = new.id
            """),
            {"ids": ids, "titles": titles, "series": series},
        )
    connection.execute(text("DELETE FROM unread_titles WHERE book_id = ANY (:ids)"), {"ids": [row.id for row in rows]})
    return bool(rows)
