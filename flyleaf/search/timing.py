"""How long the stages of a search take, for those who watch the site. Nobody listens by default."""

from collections.abc import Callable
from functools import wraps
from time import perf_counter
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

_listeners: list[Callable[[str, float], object]] = []


def watch_stages(listener: Callable[[str, float], object]) -> None:
    """Have `listener` called with the name and the seconds of every stage that this process has run."""
    _listeners.append(listener)


def unwatch_stages(listener: Callable[[str, float], object]) -> None:
    _listeners.remove(listener)


def stage(name: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Mark a function as a stage. A stage that runs inside another one counts for both."""

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        @wraps(function)
        def timed(*args: P.args, **kwargs: P.kwargs) -> R:
            if not _listeners:
                return function(*args, **kwargs)
            started = perf_counter()
            try:
                return function(*args, **kwargs)
            finally:
                seconds = perf_counter() - started
                for listen in _listeners:
                    listen(name, seconds)

        return timed

    return decorate
