"""What the site asks of the database: a module a noun, with its frozen dataclass and the SQL that makes it.

Each function takes the connection first and leaves the transaction to its caller.
"""
