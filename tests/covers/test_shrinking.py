"""Pictures that another site sent become small ones of ours, or are refused; nothing that they do reaches further."""

import subprocess
import sys
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from flyleaf.covers import files, picture, shrinking
from flyleaf.covers.shrinking import UnusablePictureError, shrink
from tests import pictures


def opened(content: bytes) -> Image.Image:
    image = Image.open(BytesIO(content))
    image.load()
    return image


def test_a_cover_in_two_sizes() -> None:
    shrunk = shrink(pictures.jpeg())
    large, small = opened(shrunk.large), opened(shrunk.small)
    assert (shrunk.width, shrunk.height) == large.size == (333, 500)  # never larger than it was
    assert small.size == (144, 216)
    assert large.format == small.format == "WEBP"
    assert len(shrunk.small) < len(shrunk.large) < len(pictures.jpeg())


def test_the_digest_is_of_what_came() -> None:
    first, again, other = (shrink(pictures.jpeg(seed)) for seed in (1, 1, 2))
    assert first == again
    assert first.digest != other.digest
    assert files.NAME.fullmatch(files.file_name(first.digest, "small"))


def test_both_programs_know_the_sizes() -> None:
    assert files.SMALL == picture.SMALL
    for size in ((333, 500), (416, 416), (208, 832), (100, 150), (416, 208)):
        small = Image.new("RGB", size)
        small.thumbnail(picture.SMALL)
        assert abs(files.small_width(*size) - small.width) <= 1


@pytest.mark.parametrize("name", pictures.REFUSED)
def test_what_is_no_cover_is_refused_in_one_line(name: str) -> None:
    make, reason = pictures.REFUSED[name]
    with pytest.raises(UnusablePictureError) as refusal:
        shrink(make())
    assert reason in str(refusal.value)
    assert "\n" not in str(refusal.value)
    assert len(str(refusal.value)) <= 200


@pytest.mark.parametrize(
    ("content", "size"),
    [
        (pictures.encoded(pictures.cover(), "PNG"), (333, 500)),
        (pictures.encoded(pictures.cover(), "GIF"), (333, 500)),
        (pictures.encoded(pictures.cover(), "WEBP"), (333, 500)),
        (pictures.encoded(pictures.cover().convert("CMYK")), (333, 500)),
        (pictures.encoded(pictures.cover().convert("L")), (333, 500)),
        (pictures.encoded(pictures.cover().convert("1"), "PNG"), (333, 500)),
        (pictures.encoded(pictures.cover(), progressive=True), (333, 500)),
        (pictures.encoded(pictures.cover(3000, 4500)), (416, 624)),
        (pictures.encoded(pictures.cover(2000, 2000)), (416, 416)),
        (pictures.encoded(pictures.cover(60, 90)), (60, 90)),
        (pictures.with_exif(junk=60_000), (333, 500)),
        (pictures.with_exif(orientation=6), (416, 277)),  # it lies on its side
    ],
    ids=["png", "gif", "webp", "cmyk", "grey", "black and white", "progressive", "large", "square", "small", "exif",
         "turned"],
)  # fmt: skip
def test_whatever_pillow_can_read_becomes_a_cover(content: bytes, size: tuple[int, int]) -> None:
    width, height, (large, _) = picture.shrink(content)
    assert (width, height) == opened(large).size == size


def test_nothing_but_the_picture_is_kept() -> None:
    content = pictures.with_exif(junk=60_000)
    assert b"made at home" in content
    _, _, (large, small) = picture.shrink(content)
    for image in (opened(large), opened(small)):
        assert not image.getexif()
        assert not {"exif", "icc_profile", "xmp", "comment"} & image.info.keys()


def test_colours_survive() -> None:
    """A red half and a blue one, whatever mode the file has, and white where it is transparent."""
    image = Image.new("RGBA", (200, 300), (200, 20, 20, 255))
    image.paste((20, 20, 200, 255), (100, 0, 200, 300))
    image.paste((0, 0, 0, 0), (0, 150, 200, 300))
    for kind, mode in (("PNG", "RGBA"), ("PNG", "P"), ("WEBP", "RGBA"), ("GIF", "RGBA")):
        _, _, (large, _) = picture.shrink(pictures.encoded(image.convert(mode), kind))
        for place, colour in (((50, 70), (200, 20, 20)), ((150, 70), (20, 20, 200)), ((100, 250), (255, 255, 255))):
            shown = opened(large).convert("RGB").getpixel(place)
            assert isinstance(shown, tuple)
            assert all(abs(a - b) < 40 for a, b in zip(shown, colour, strict=True)), (kind, mode, place, shown)


def test_a_scan_in_65536_shades_of_grey_keeps_them() -> None:
    left, right = Image.new("I;16", (100, 300), 20_000), Image.new("I;16", (100, 300), 50_000)
    image = Image.new("I;16", (200, 300))
    image.paste(left, (0, 0))
    image.paste(right, (100, 0))
    _, _, (large, _) = picture.shrink(pictures.encoded(image, "PNG"))
    shown = opened(large).convert("L")
    assert shown.getpixel((50, 150)) == pytest.approx(78, abs=5)
    assert shown.getpixel((150, 150)) == pytest.approx(195, abs=5)


@pytest.mark.skipif(sys.platform != "linux", reason="macOS doesn't limit the address space")
def test_a_decoder_has_no_more_memory_than_it_may() -> None:
    """It has the largest picture's, and not twice that."""
    code = f"import runpy; runpy.run_path({str(shrinking.PROGRAM)!r})['_limit'](); bytearray({{}})"
    for size, works in ((picture.MEMORY // 4, True), (picture.MEMORY, False)):
        done = subprocess.run(
            [sys.executable, "-I", "-c", code.format(size)], capture_output=True, text=True, check=False, env={}
        )
        assert (done.returncode == 0, "MemoryError" in done.stderr) == (works, not works)


def test_a_decoder_that_crashes_or_hangs_refuses_a_picture(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "picture.py"
    monkeypatch.setattr(shrinking, "PROGRAM", program)
    monkeypatch.setattr(shrinking, "SECONDS", 1)
    program.write_text("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)")
    with pytest.raises(UnusablePictureError, match="signal 11 ended its decoding"):
        shrink(b"")
    program.write_text("import time; time.sleep(60)")
    with pytest.raises(UnusablePictureError, match="more than 1 s"):
        shrink(b"")
    program.write_text("raise ImportError('no Pillow here')")
    with pytest.raises(RuntimeError, match="no Pillow here"):
        shrink(b"")


def test_a_decoder_sees_no_secrets(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "picture.py"
    monkeypatch.setattr(shrinking, "PROGRAM", program)
    monkeypatch.setenv("SECRET_KEY", "nobody-may-know")
    program.write_text("import json, os; print(json.dumps({'refused': str(os.environ.get('SECRET_KEY'))}))")
    with pytest.raises(UnusablePictureError, match="None"):
        shrink(b"")
