"""Pictures as another site may send them: covers, and what claims to be one."""

import io
import random
import struct
import zlib
from collections.abc import Callable
from typing import Any

from PIL import Image


def cover(width: int = 333, height: int = 500, seed: int = 1) -> Image.Image:
    """A picture of many colours, another one for each seed."""
    chance = random.Random(seed)  # not for secrets
    tile = Image.frombytes("RGB", (8, 12), chance.randbytes(8 * 12 * 3))
    return tile.resize((width, height), Image.Resampling.BICUBIC)


def encoded(image: Image.Image, kind: str = "JPEG", **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def jpeg(seed: int = 1) -> bytes:
    return encoded(cover(seed=seed))


def png_of(width: int, height: int, rows: bytes) -> bytes:
    """A PNG of one bit for each pixel, whatever its rows may be."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def bomb() -> bytes:
    """65,000 × 65,000 pixels in half a megabyte: they would take 4 GB as shades of grey."""
    packing = zlib.compressobj(1)
    row = bytes(1 + 65_000 // 8)
    hundred = row * 100
    return png_of(65_000, 65_000, b"".join([*(packing.compress(hundred) for _ in range(650)), packing.flush()]))


def animation(kind: str) -> bytes:
    return encoded(cover(80, 120), kind, save_all=True, append_images=[cover(80, 120, seed=2)])


def with_exif(orientation: int = 1, junk: int = 0) -> bytes:
    """A JPEG whose EXIF says how it lies and where it was taken, with so many bytes of a comment beside it."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010E] = "x" * junk  # a description
    exif.get_ifd(0x8825).update({1: "N", 2: (52.0, 31.0, 12.0)})
    return encoded(cover(), exif=exif, comment=b"made at home")


PIXEL = bytes.fromhex("47494638396101000100800000000000ffffff21f90401000000002c00000000010001000002024401003b")
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="300" height="450"><script>alert(1)</script></svg>'
HTML = b"<!doctype html><title>Sorry</title><p>We are down for maintenance."

# What stays a drawn cover, and what the log says of it.
REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "a GIF of one pixel": (lambda: PIXEL, "it is too small: 1 × 1"),
    "nothing": (lambda: b"", "UnidentifiedImageError"),
    "a page": (lambda: HTML, "UnidentifiedImageError"),
    "an SVG with a script": (lambda: SVG, "UnidentifiedImageError"),
    "a truncated JPEG": (lambda: jpeg()[:5000], "OSError: "),
    "a truncated PNG": (lambda: encoded(cover(), "PNG")[:5000], "Truncated"),
    "a damaged PNG": (lambda: encoded(cover(), "PNG").replace(b"IDAT", b"IDAT\0\0\0", 1), ""),
    "only a JPEG's head": (lambda: b"\xff\xd8\xff\xe0" + b"\0" * 2000, "Error"),
    "a bomb": (bomb, "DecompressionBomb"),
    "a lesser bomb": (lambda: png_of(10_000, 4_000, zlib.compress(bytes(1251 * 4_000))), "DecompressionBomb"),
    "an animated GIF": (lambda: animation("GIF"), "it is an animation"),
    "an animated PNG": (lambda: animation("PNG"), "it is an animation"),
    "an animated WebP": (lambda: animation("WEBP"), "it is an animation"),
    "another format": (lambda: encoded(cover(), "BMP"), "UnidentifiedImageError"),
    "a document": (lambda: encoded(cover(), "PDF"), "UnidentifiedImageError"),
    "white paper": (lambda: encoded(Image.new("RGB", (333, 500), "white")), "it has one colour"),
    "nearly white paper": (lambda: encoded(Image.effect_noise((333, 500), 1).convert("RGB")), "it has one colour"),
    "a banner": (lambda: encoded(cover(900, 90)), "it doesn't have the shape of a cover"),
    "a thread": (lambda: encoded(cover(50, 900)), "it doesn't have the shape of a cover"),
}
