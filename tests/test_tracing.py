"""Traces, as a collector receives them from a process of the site."""

import gzip
import http.server
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from flyleaf.config import PROJECT
from flyleaf.setting_values import ConfigError, traces
from tests.fixture_types import AddBook

pytestmark = pytest.mark.slow
PROGRAM = """
from flyleaf.app import create_app

site = create_app()
site.add_url_rule("/faulty", view_func=lambda: {}["a secret word"])
client = site.test_client()
client.get("/api/9780441172719?q=a+secret+word", headers={"User-Agent": "a secret browser"})
client.get("/no-such-secret")
client.get("/faulty")
client.get("/healthz")
"""


class Collector(http.server.ThreadingHTTPServer):
    """Keeps what it is sent."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Receive)
        self.received: list[bytes] = []


class Receive(http.server.BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        assert isinstance(self.server, Collector)
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        self.server.received.append(body)
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Print nothing."""


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector() as collector:
        thread = threading.Thread(target=collector.serve_forever)
        thread.start()
        yield collector
        collector.shutdown()
        thread.join()


def test_requests_and_statements_are_sent_without_what_is_private(
    collector: Collector, tmp_path: Path, database_url: str, add_book: AddBook
) -> None:
    add_book("9780441172719")
    settings = {
        "DATABASE_URL": database_url,
        "FLYLEAF_DATA": str(tmp_path),
        "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{collector.server_port}",
    }
    subprocess.run([sys.executable, "-c", PROGRAM], cwd=PROJECT, env={**os.environ, **settings}, check=True)
    spans = [
        span
        for body in collector.received
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    ]
    names = {span.name for span in spans}
    assert {"GET /api/<address>", "GET none", "GET /faulty"} <= names
    assert not any("healthz" in name for name in names)
    statements = {
        attribute.value.string_value
        for span in spans
        for attribute in span.attributes
        if attribute.key == "db.statement"
    }
    assert any("FROM books" in statement and "%(" in statement for statement in statements)
    for private in (b"secret", b"9780441172719", b"127.0.0.1"):
        assert all(private not in body for body in collector.received), private


def test_a_missing_package_is_named_with_the_command_that_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flyleaf.setting_values.TRACING", ("opentelemetry.no_such_package.http",))
    with pytest.raises(ConfigError, match="pip install opentelemetry-exporter-otlp-proto-http"):
        traces({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"})
    assert not traces({})
