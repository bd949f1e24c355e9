"""make cluster, or python -m cluster: run the site on a cluster of this one machine until Ctrl-C.

What ends, because somebody kills it for example, is started again after ten seconds.
"""

import argparse
import sys
import time

from cluster import leftovers
from cluster.programs import MissingProgramsError
from cluster.whole import Cluster, end_with_a_signal
from flyleaf.embedded import EmbeddedServerError

RESTART_SECONDS = 10.0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m cluster", description="Run the site on a cluster until Ctrl-C.")
    parser.parse_args()
    end_with_a_signal()
    began = time.monotonic()
    try:
        leftovers.clear()
        with Cluster() as cluster:
            print(f"The cluster has started in {time.monotonic() - began:.0f} s. Ctrl-C stops and deletes all of it.")
            print(f"The site: {cluster.url}")
            print(f"HAProxy's statistics: {cluster.statistics}")
            print(f"Patroni: {cluster.patroni('db1')}/cluster")
            print(f"Logs: {cluster.folder}/*.log")
            print("Processes:", ", ".join(f"{part.name} {part.pid}" for part in cluster.parts.values()), flush=True)
            restart_what_ends(cluster)
    except (MissingProgramsError, EmbeddedServerError, RuntimeError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def restart_what_ends(cluster: Cluster) -> None:
    due: dict[str, float] = {}
    while True:
        time.sleep(0.5)
        for name, part in cluster.parts.items():
            if part.is_running:
                continue
            if name not in due:
                due[name] = time.monotonic() + RESTART_SECONDS
                print(f"{name} has ended, and starts again in {RESTART_SECONDS:.0f} s.", flush=True)
            elif time.monotonic() > due[name]:
                del due[name]
                part.start()
                print(f"{name} has started: process {part.pid}.", flush=True)


if __name__ == "__main__":
    sys.exit(main())
