"""make bench-paint, or python -m benchmarks.paint: measure the pages' sizes and how soon a phone shows them.

Chromium loads the site as `make run` serves it, with books.csv, over a connection of 150 ms and 1.6 Mbit/s and at a
quarter of this machine's speed, each time with an empty cache. Then it measures suggestions without these limits.
"""

import shutil
import statistics
import sys
import tempfile
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, sync_playwright

from benchmarks.site import free_port, log_in, running

ROUNDS = 5
SWITCHES = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-background-networking", "--no-first-run"]
LINE = {"offline": False, "latency": 150, "downloadThroughput": 1_600_000 / 8, "uploadThroughput": 750_000 / 8}
SLOWER = 4  # times
PAGES = {"welcome": "/", "search, 20 results": "/search?q=love", "book": "/books/078389368X"}
KINDS = ("Document", "Stylesheet", "Script")
TYPED = ("d", "di", "dick", "shake", "aust", "lov", "pride an", "the g", "garcia m", "hary pot")
PAINTS = """() => new Promise(resolve => {
    new PerformanceObserver(list => resolve([
        performance.getEntriesByName("first-contentful-paint")[0].startTime,
        list.getEntries().at(-1).startTime,
    ])).observe({type: "largest-contentful-paint", buffered: true});
})"""
SUGGESTED = """typed => new Promise(resolve => {
    const box = document.getElementById("q");
    const begun = performance.now();
    new MutationObserver((_, observer) => {
        observer.disconnect();
        requestAnimationFrame(() => resolve(performance.now() - begun));
    }).observe(document.getElementById("suggestions"), {childList: true});
    box.value = typed;
    box.dispatchEvent(new InputEvent("input", {bubbles: true}));
})"""


@dataclass(frozen=True)
class Visit:
    """One page load with an empty cache."""

    first_paint: float  # milliseconds, also below
    largest_paint: float
    weights: dict[str, float]  # transferred bytes including headers, by Chromium's resource type
    requests: int


def keep(context: BrowserContext, base: str, cookie: str) -> None:
    name, _, value = cookie.partition("=")
    context.add_cookies([{"name": name, "value": value, "url": base}])


def visit(context: BrowserContext, address: str) -> Visit:
    page = context.new_page()
    client = context.new_cdp_session(page)
    client.send("Network.enable")
    client.send("Network.emulateNetworkConditions", LINE)
    client.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    kinds: dict[str, str] = {}
    weights: dict[str, float] = defaultdict(float)

    def note_size(event: dict[str, Any]) -> None:
        weights[kinds[event["requestId"]]] += event["encodedDataLength"]

    client.on("Network.responseReceived", lambda event: kinds.update({event["requestId"]: event["type"]}))
    client.on("Network.loadingFinished", note_size)
    page.goto(address, wait_until="networkidle")
    first, largest = page.evaluate(PAINTS)
    return Visit(first, largest, dict(weights), len(kinds))


def bench_paints(browser: Browser, base: str, session: str) -> None:
    """Print a row per page, with medians over the rounds; the pages take turns in each."""
    visits: dict[str, list[Visit]] = {name: [] for name in PAGES}
    for _ in range(ROUNDS):
        for name, address in PAGES.items():
            context = browser.new_context(
                base_url=base,
                viewport={"width": 390, "height": 844},
                device_scale_factor=3,
                is_mobile=True,
                has_touch=True,
            )
            if address != "/":  # the welcome page is for visitors
                keep(context, base, session)
            visits[name].append(visit(context, address))
            context.close()
    print(f"medians of {ROUNDS}; KB over the wire, with headers")
    print(f"{'':20}{'first paint ms':>16}{'largest ms':>12}{'HTML':>7}{'CSS':>7}{'JS':>7}{'in all':>8}{'requests':>10}")
    for name, taken in visits.items():
        first = statistics.median(one.first_paint for one in taken)
        largest = statistics.median(one.largest_paint for one in taken)
        parts = [statistics.median(one.weights.get(kind, 0) for one in taken) for kind in KINDS]
        total = statistics.median(sum(one.weights.values()) for one in taken)
        sizes = "".join(f"{size / 1024:7.1f}" for size in parts)
        requests = statistics.median(one.requests for one in taken)
        print(f"{name:20}{first:16.0f}{largest:12.0f}{sizes}{total / 1024:8.1f}{requests:10.0f}")


def bench_suggestions(browser: Browser, base: str, session: str) -> None:
    """Print the time from a keystroke to the frame that shows its suggestions, including the script's delay."""
    context = browser.new_context(base_url=base)
    keep(context, base, session)
    page = context.new_page()
    page.goto("/search")
    for typed in TYPED:  # warms up
        page.evaluate(SUGGESTED, typed)
    taken = [page.evaluate(SUGGESTED, typed) for _ in range(ROUNDS) for typed in TYPED]
    print(f"suggestions after a keystroke: median {statistics.median(taken):.0f} ms, longest {max(taken):.0f} ms")
    context.close()


def main() -> int:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        print("Chromium was not found: install it (Debian, Ubuntu: apt install chromium).", file=sys.stderr)
        return 1
    folder = Path(tempfile.mkdtemp(prefix="flyleaf-bench-"))
    folder.chmod(0o711)  # as root, the database runs under another account
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    try:
        with running(["application.py"], folder / "data", port), sync_playwright() as playwright:
            session = log_in(port)
            browser = playwright.chromium.launch(executable_path=chromium, args=SWITCHES)
            bench_paints(browser, base, session)
            bench_suggestions(browser, base, session)
            browser.close()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
