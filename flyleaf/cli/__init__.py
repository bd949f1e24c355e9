"""The operator's commands that need the application: `flask --app application …`, also in `python -m flyleaf …`.

commands.py  the database, sessions, search, books and events
users.py     readers and their accounts
output.py    what they share: new files, and errors as one line
"""

from flyleaf.cli.commands import COMMANDS, register

__all__ = ["COMMANDS", "register"]
