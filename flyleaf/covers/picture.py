"""Decode a picture that another site sent, and write it anew in the sizes of our pages. shrinking.py runs this program.

It reads the picture from standard input. To standard output it writes a line of JSON, followed by the new pictures that
the line describes; or the line says why there are none. It needs nothing but Pillow and the standard library.
"""

import json
import os
import resource
import sys
import warnings
from contextlib import suppress
from io import BytesIO

from PIL import Image, ImageOps, ImageStat

MEMORY = 512 * 2**20  # bytes of address space; a picture of MOST_PIXELS takes a good half of it
SECONDS = 10  # of processor time
FORMATS = ("JPEG", "PNG", "WEBP", "GIF")  # Pillow tries no other decoder
MOVING = ("GIF", "PNG", "WEBP")  # formats that can be animations
MOST_PIXELS = 30_000_000  # of the other site's picture
SMALLEST = 40  # pixels, in both directions: anything smaller stands for "no cover"
NARROWEST, WIDEST = 0.25, 2.0  # width by height
EVEN = 12  # shades of 256 by which a picture of one colour may differ, because JPEG isn't exact
QUALITY = 80  # of WebP, which takes three fifths of the bytes that JPEG would
# Boxes that pictures are fitted into. Pages show covers 64 to 208 pixels wide, and screens have up to twice as many.
LARGE, SMALL = (416, 832), (144, 288)


class RefusedError(Exception):
    """The picture can't be a cover. The message says why."""


def main() -> None:
    """Answer for the picture on standard input."""
    _limit()
    try:
        width, height, pictures = shrink(sys.stdin.buffer.read())
    except RefusedError as error:
        _answer({"refused": str(error)})
    except Exception as error:  # whatever a decoder raises for a damaged or hostile picture
        _answer({"refused": f"{type(error).__name__}: {error}"[:200]})
    else:
        _answer({"width": width, "height": height, "bytes": [len(picture) for picture in pictures]}, *pictures)


def shrink(content: bytes) -> tuple[int, int, tuple[bytes, bytes]]:
    """Return width and height of the large picture, and the large and the small one as WebP.

    Raises RefusedError, and whatever Pillow raises for what it can't decode.
    """
    Image.MAX_IMAGE_PIXELS = MOST_PIXELS
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    with Image.open(BytesIO(content), formats=FORMATS) as image:
        if min(image.size) < SMALLEST:
            raise RefusedError("it is too small: {} × {}".format(*image.size))
        image.verify()  # nothing else can be done with the image after that
    with Image.open(BytesIO(content), formats=FORMATS) as image:
        if image.format in MOVING and getattr(image, "is_animated", False):
            raise RefusedError("it is an animation")
        large = _plain(image)
    if not NARROWEST <= large.width / large.height <= WIDEST:
        raise RefusedError("it doesn't have the shape of a cover: {} × {}".format(*large.size))
    large.thumbnail(LARGE)
    if all(most - least <= EVEN for least, most in ImageStat.Stat(large).extrema):
        raise RefusedError("it has one colour")
    small = large.copy()
    small.thumbnail(SMALL)
    return large.width, large.height, (_webp(large), _webp(small))


def _plain(image: Image.Image) -> Image.Image:
    """Return the picture upright and in RGB, on white where it is transparent, and without the comments, profiles and
    places that came with it."""
    image.draft("RGB", LARGE)  # a JPEG that is much larger is decoded at a fraction of its size
    upright = ImageOps.exif_transpose(image)
    if upright.mode == "I;16":  # shades of grey from 0 to 65,535, which a conversion would cut off at 255
        upright = upright.point(lambda shade: shade * (1 / 256)).convert("L")
    if upright.has_transparency_data or upright.mode in ("P", "PA", "LA"):
        upright = upright.convert("RGBA")
    plain = Image.new("RGB", upright.size, "white")
    plain.paste(upright, mask=upright if upright.mode == "RGBA" else None)
    return plain


def _webp(image: Image.Image) -> bytes:
    written = BytesIO()
    image.save(written, "WEBP", quality=QUALITY, method=6)
    return written.getvalue()


def _answer(described: object, *pictures: bytes) -> None:
    sys.stdout.buffer.write(b"".join((json.dumps(described).encode(), b"\n", *pictures)))


def _limit() -> None:
    os.nice(10)  # pages come first
    for what, most in ((resource.RLIMIT_AS, MEMORY), (resource.RLIMIT_CPU, SECONDS), (resource.RLIMIT_CORE, 0)):
        with suppress(ValueError, OSError):  # macOS has no limit of the address space
            resource.setrlimit(what, (most, most))


if __name__ == "__main__":
    main()
