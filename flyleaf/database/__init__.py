"""The database: the engine, transactions and the schema's migrations. It uses SQLAlchemy and doesn't know Flask."""

from flyleaf.database.engine import Database
from flyleaf.database.errors import DatabaseAbsentError, DatabaseUnusableError, is_unavailable

__all__ = ["Database", "DatabaseAbsentError", "DatabaseUnusableError", "is_unavailable"]
