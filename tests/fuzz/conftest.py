"""How long the fuzzing goes on: a thousand requests of each sender, always the same ones, among the other tests; a
hundred thousand new ones with `--hypothesis-profile=long`."""

from hypothesis import HealthCheck, settings

# Requests share a database and a session on purpose. A machine under load is no fault of the site.
_COMMON = settings(deadline=None, database=None, suppress_health_check=list(HealthCheck))
settings.register_profile("short", _COMMON, max_examples=1_000, derandomize=True)
settings.register_profile("long", _COMMON, max_examples=34_000)
if settings.get_current_profile_name() != "long":
    settings.load_profile("short")
