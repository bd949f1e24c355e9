"""The site's SQL: one module for each noun, with its frozen dataclasses and the statements that fill them.

Each function takes the connection as its first argument and leaves the transaction to its caller.
"""
