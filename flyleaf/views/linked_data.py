"""A book as schema.org data, for programs such as reference managers and a browser's reader view."""

from flask import request

from flyleaf.queries.books import Book
from flyleaf.web.addresses import url_for
from flyleaf.web.filters import language_tag


def linked_data(book: Book, isbn: str | None) -> dict[str, object]:
    """Return the known facts of a book. The template writes them as JSON in which no tag can end."""
    ratings = book.ratings
    values = {
        "@context": "https://schema.org",
        "@type": "Book",
        "url": request.host_url.rstrip("/") + url_for("books.book", address=book.address),
        "name": book.title,
        "author": book.author and {"@type": "Person", "name": book.author},
        "isbn": isbn and isbn.replace("-", ""),
        "datePublished": str(book.year) if book.year is not None else None,
        "publisher": book.publisher and {"@type": "Organization", "name": book.publisher},
        "inLanguage": language_tag(book.language),
        "numberOfPages": book.pages,
        "description": book.description,
        "aggregateRating": ratings.review_count
        and {
            "@type": "AggregateRating",
            "ratingValue": ratings.average_score,
            "ratingCount": ratings.review_count,
            "bestRating": 5,
            "worstRating": 1,
        },
    }
    return {name: value for name, value in values.items() if value}
