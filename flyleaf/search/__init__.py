"""The search engine. Other rooms import from here; docs/search.md explains the stages."""

from flyleaf.search.isbn_stage import SHORTEST as SHORTEST_ISBN_PART
from flyleaf.search.pages import MatchReason, Order, SearchPage, SearchQuery, SearchResult, search_books
from flyleaf.search.results import Edition
from flyleaf.search.schema import SearchNotReadyError, is_built, is_ready, require
from flyleaf.search.suggestions import Suggestion, suggest
from flyleaf.search.timing import unwatch_stages, watch_stages
from flyleaf.search.upkeep import continue_search, needs_rebuild, rebuild_search, settle_search

__all__ = [
    "SHORTEST_ISBN_PART",
    "Edition",
    "MatchReason",
    "Order",
    "SearchNotReadyError",
    "SearchPage",
    "SearchQuery",
    "SearchResult",
    "Suggestion",
    "continue_search",
    "is_built",
    "is_ready",
    "needs_rebuild",
    "rebuild_search",
    "require",
    "search_books",
    "settle_search",
    "suggest",
    "unwatch_stages",
    "watch_stages",
]
