"""Count and time requests, searches and connections, if METRICS_TOKEN is set."""

import time

from flask import Flask, Response, g, request

from flyleaf.search import watch_stages
from flyleaf.web.current import EXTENSION, Flyleaf

METHODS = {"GET", "HEAD", "POST", "OPTIONS", "PUT", "PATCH", "DELETE"}


def register(app: Flask) -> None:
    site: Flyleaf = app.extensions[EXTENSION]
    if site.metrics is None:
        return
    watch_stages(site.metrics.search_stage)
    site.database.watch_pool(site.metrics.connections_in_use.inc, site.metrics.connections_in_use.dec)
    site.metrics.connections_limit.set(site.database.pool_size)
    count = site.metrics.request

    def finish(response: Response) -> Response:
        # A route, such as /books/<address>, and never the address itself, of which there are millions.
        route = request.url_rule.rule if request.url_rule else "none"
        method = request.method if request.method in METHODS else "other"
        count(route, method, response.status_code, time.perf_counter() - g.get("started", time.perf_counter()))
        return response

    app.after_request(finish)
