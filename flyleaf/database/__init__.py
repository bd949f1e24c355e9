"""The database: the engine, transactions and the schema's migrations. It uses SQLAlchemy and doesn't know Flask."""

from flyleaf.database.engine import Database, MaybeNewError
from flyleaf.database.errors import DatabaseAbsentError, DatabaseUnusableError, is_unavailable

__all__ = ["Database", "DatabaseAbsentError", "DatabaseUnusableError", "MaybeNewError", "is_unavailable"]
