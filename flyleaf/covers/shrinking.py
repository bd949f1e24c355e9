"""Make covers for our pages of pictures that another site sent, each in a process of its own.

The decoders of JPEG, PNG, WebP and GIF are written in C, and the pictures come from anybody who can upload one. In a
process that lives for one picture, with limits on memory and time, an empty environment and no connection to the
database, a bomb or a crash ends that process and nothing else. It costs a tenth of a second for each cover, while there
is one in ten seconds at most.
"""

import json
import subprocess
import sys
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

PROGRAM = Path(__file__).with_name("picture.py")  # not imported: it would load Pillow into every process of the site
SECONDS = 30  # for a picture, on a busy machine
RECIPE = b"1"  # changes with what is made of a picture, because addresses are immutable


class UnusablePictureError(Exception):
    """The picture can't be a cover. The message says why, in one short line."""


@dataclass(frozen=True)
class ShrunkCover:
    """A cover in two sizes, as WebP, with the digest of what it was made of. Width and height are the large one's."""

    digest: str
    width: int
    height: int
    large: bytes
    small: bytes


def shrink(content: bytes) -> ShrunkCover:
    """Return a cover made of this picture.

    Raises UnusablePictureError if it can't be decoded within the limits, or shows nothing. Raises OSError or
    RuntimeError if the process can't be started or has a fault.
    """
    # -I: no module is loaded from the current folder, and no variable of the environment counts.
    program = [sys.executable, "-I", str(PROGRAM)]
    try:
        done = subprocess.run(program, input=content, capture_output=True, timeout=SECONDS, env={}, check=False)
    except subprocess.TimeoutExpired as error:
        raise UnusablePictureError(f"it takes more than {SECONDS} s to decode") from error
    if done.returncode < 0:
        raise UnusablePictureError(f"signal {-done.returncode} ended its decoding")
    line, _, pictures = done.stdout.partition(b"\n")
    if done.returncode or not line:
        raise RuntimeError(f"covers can't be decoded: {done.stderr.decode(errors='replace')[-500:]}")
    described = json.loads(line)
    if "refused" in described:
        raise UnusablePictureError(described["refused"])
    large = described["bytes"][0]
    return ShrunkCover(
        sha256(RECIPE + content).hexdigest()[:32],
        described["width"],
        described["height"],
        pictures[:large],
        pictures[large:],
    )
