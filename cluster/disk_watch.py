"""Hand over the primary's role when its disk is nearly full: PostgreSQL itself would go on, and fail each write.

PATRONI=http://user:password@host:8008 python -m cluster.disk_watch SERVER FOLDER: watch the disk of FOLDER, in which
SERVER keeps its database, and whose Patroni has that address. Each database server runs one.
"""

import os
import shutil
import sys
import time
from pathlib import Path

import requests

LEAST_FREE = 32 * 2**20  # bytes: two segments of the write-ahead log
LOOK_SECONDS, REST_SECONDS = 1.0, 5.0
SECONDS, SWITCHOVER_SECONDS = 5.0, 30.0  # for Patroni's answers


def watch(server: str, folder: Path, patroni: str) -> None:
    """Ask Patroni for a switchover whenever this server is the primary and has little space. Never returns."""
    while True:
        time.sleep(LOOK_SECONDS)
        if shutil.disk_usage(folder).free < LEAST_FREE:
            try:
                hand_over(server, patroni)
            except requests.RequestException as error:
                print(error, flush=True)
            time.sleep(REST_SECONDS)


def hand_over(server: str, patroni: str) -> None:
    """Do nothing if the server is a standby. Raises RequestException."""
    if requests.get(f"{patroni}/primary", timeout=SECONDS).ok:
        print(f"{server} has too little disk space to be the primary.", flush=True)
        answer = requests.post(f"{patroni}/switchover", json={"leader": server}, timeout=SWITCHOVER_SECONDS)
        print(f"{answer.status_code} {answer.text}", flush=True)


if __name__ == "__main__":
    watch(sys.argv[1], Path(sys.argv[2]), os.environ["PATRONI"])
