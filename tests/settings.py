"""Which settings there are."""

from flyleaf.config import Config


def settings_read() -> set[str]:
    """Return the names of the environment's variables that the site asks for."""
    asked: set[str] = set()

    class Environment(dict[str, str]):
        def get(self, name: str, default: str | None = None) -> str | None:  # type: ignore[override]
            asked.add(name)
            return default

    Config.from_environment(Environment())
    return asked
