"""`python -m flyleaf COMMAND`: all of the operator's commands in one program.

Exit codes: 0; 1 if a file or the database can't be used, which one line explains; 2 for wrong arguments.
"""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from flask import Flask

# The commands that need the application, and with it Flask; they are in flyleaf.cli.
OF_THE_APPLICATION = ("events", "export", "migrate", "search", "sessions", "users")


class Program(click.Group):
    """A group that loads Flask only for the commands that need it."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted([*self.commands, *OF_THE_APPLICATION])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in OF_THE_APPLICATION:
            return super().get_command(ctx, cmd_name)
        from flask.cli import ScriptInfo

        from flyleaf.cli import COMMANDS

        ctx.obj = ScriptInfo(create_app=_application)
        return COMMANDS[cmd_name]


class Passed(click.Command):
    """A command that passes its arguments on to another program."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        ctx.args = list(args)
        return ctx.args


@click.group(cls=Program, context_settings={"help_option_names": ["-h", "--help"]})
def program() -> None:
    """Run and manage a Flyleaf site. Settings are environment variables, which README.md lists."""


@program.command()
@click.option("--end-with-parent", is_flag=True, help="Stop when the program that started this ends.")
def serve(end_with_parent: bool) -> None:
    """Run the site until Ctrl-C."""
    from flyleaf.serving import run

    sys.exit(run(["--end-with-parent"] if end_with_parent else []))


@program.command("import", cls=Passed)
@click.pass_context
def import_(ctx: click.Context) -> None:
    """Import catalogues of books, all or nothing."""
    from flyleaf.importing import main as import_main

    sys.exit(import_main(ctx.args, program="python -m flyleaf import"))


@program.command()
@click.argument("file")
@click.option("--force", is_flag=True, help="Replace FILE where it exists.")
def backup(file: str, force: bool) -> None:
    """Write a backup to FILE, or to standard output (-). The site may be running.

    It has the books, readers, reviews, ratings, events and the secret key, but no sessions. It also has the hashes of
    all passwords, so nobody else can read the new file: keep it that way.
    """
    from flyleaf.backup.command import write_backup
    from flyleaf.config import Config

    with errors_in_words():
        write_backup(Config.from_environment(), file, replace=force, say=_say)


@program.command()
@click.argument("file")
@click.option("--check", is_flag=True, help="Only check FILE and say what is in it.")
def restore(file: str, check: bool) -> None:
    """Restore a backup from FILE, or from standard input (-), into an empty database, all or nothing."""
    from flyleaf.backup.command import read_backup
    from flyleaf.config import Config

    with errors_in_words():
        read_backup(Config.from_environment(), file, only_check=check, say=_say)


@program.command()
def doctor() -> None:
    """Check settings, folders, database and search, and say how to fix what is wrong.

    It changes nothing. The exit code is 1 if something is wrong.
    """
    from flyleaf.doctor import examine

    faults = 0
    for finding in examine():
        click.echo(finding)
        faults += finding.grade == "wrong"
    sys.exit(1 if faults else 0)


@contextmanager
def errors_in_words() -> Iterator[None]:
    """Show errors that the operator can fix as one line, and exit with 1."""
    from flyleaf.backup.archive import BackupError
    from flyleaf.config import ConfigError
    from flyleaf.database import DatabaseUnusableError

    # SIGTERM acts like Ctrl-C, so that unfinished work is undone.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    except (BackupError, ConfigError, DatabaseUnusableError) as error:
        raise click.ClickException(str(error)) from error


def _application() -> "Flask":
    from flyleaf.app import create_app

    with errors_in_words():
        return create_app()


def _say(line: str) -> None:
    click.echo(line, err=True)


def main() -> None:
    """Run the command given by the arguments."""
    program(prog_name="python -m flyleaf")


if __name__ == "__main__":
    main()
