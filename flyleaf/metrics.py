"""What the site counts and times, in the form that Prometheus reads; it wraps prometheus_client.

It is only imported if METRICS_TOKEN is set, because it takes time and memory.

Nothing here says who did something: there are no names, addresses, queries or books.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, exposition, multiprocess
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

CONTENT_TYPE = exposition.CONTENT_TYPE_LATEST
HOW_TO_ASK = "Send the site's METRICS_TOKEN: Authorization: Bearer TOKEN\n"
# Upper ends of the buckets, in seconds: from a page that asks nothing to the longest that a request may take.
REQUEST_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)
STAGE_BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1)


class Measure(NamedTuple):
    """A number that is asked for at the moment, with a value for each label; "" if there is but one."""

    name: str
    help: str
    values: Mapping[str, float]
    label: str = ""


class Metrics:
    """The numbers of one application, whose processes count together in `folder`, if there is one."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._registry = CollectorRegistry()
        self.requests = Counter(
            "flyleaf_requests", "Requests that were answered.", ("route", "method", "status"), registry=self._registry
        )
        self.request_seconds = Histogram(
            "flyleaf_request_duration_seconds",
            "Time from a request's arrival in a thread to its answer.",
            ("route",),
            buckets=REQUEST_BUCKETS,
            registry=self._registry,
        )
        self.stage_seconds = Histogram(
            "flyleaf_search_stage_duration_seconds",
            "Time of a stage of the search. A stage that runs inside another one counts for both.",
            ("stage",),
            buckets=STAGE_BUCKETS,
            registry=self._registry,
        )
        self.connections_in_use = Gauge(
            "flyleaf_database_connections_in_use",
            "Connections to the database that pages hold.",
            multiprocess_mode="livesum",
            registry=self._registry,
        )
        self.connections_limit = Gauge(
            "flyleaf_database_connections_limit",
            "The most connections to the database that pages may hold.",
            multiprocess_mode="livesum",
            registry=self._registry,
        )

    def request(self, route: str, method: str, status: int, seconds: float) -> None:
        self.requests.labels(route, method, str(status)).inc()
        self.request_seconds.labels(route).observe(seconds)

    def search_stage(self, stage: str, seconds: float) -> None:
        self.stage_seconds.labels(stage).observe(seconds)

    def exposition(self, measures: Iterable[Measure] = ()) -> bytes:
        """Return the numbers of all processes of the site on this machine, and the measures."""
        registry = self._registry
        if self._folder is not None:
            registry = CollectorRegistry()
            _forget_ended_processes(self._folder)
            multiprocess.MultiProcessCollector(registry, str(self._folder))  # type: ignore[no-untyped-call]
        return exposition.generate_latest(registry) + exposition.generate_latest(_Measures(measures))


class _Measures(Collector):
    def __init__(self, measures: Iterable[Measure]) -> None:
        self._measures = measures

    def collect(self) -> Iterator[GaugeMetricFamily]:
        for measure in self._measures:
            family = GaugeMetricFamily(measure.name, measure.help, labels=[measure.label] if measure.label else [])
            for label, value in measure.values.items():
                family.add_metric([label] if measure.label else [], value)
            yield family


def _forget_ended_processes(folder: Path) -> None:
    """Drop what killed processes held. What they counted stays, because a counter must not go back."""
    for path in folder.glob("gauge_live*_*.db"):
        pid = path.stem.rpartition("_")[2]
        try:
            os.kill(int(pid), 0)
        except ProcessLookupError:
            with suppress(FileNotFoundError):
                multiprocess.mark_process_dead(int(pid), str(folder))  # type: ignore[no-untyped-call]
        except PermissionError:  # it lives, as another user
            continue
