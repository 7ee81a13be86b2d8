import os
import struct
import zlib
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from himapp.errors import PhotoError
from himapp.imaging import photo_io
from himapp.imaging.photo import Photo
from himapp.imaging.photo_io import read_photo
from himapp.imaging.readers import limits


def small_photo(path: Path) -> Path:
    Image.new("RGB", (7, 5)).save(path)
    return path


def text_file(path: Path) -> None:
    path.write_text("not a photo at all")


def truncated(form: str) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3)).astype(np.uint8)
        buffer = BytesIO()
        Image.fromarray(noise).save(buffer, form)
        path.write_bytes(buffer.getvalue()[: buffer.tell() // 2])

    return write


def truncated_deep(suffix: str) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        noise = np.random.default_rng(0).integers(0, 65536, (64, 64, 3)).astype(np.uint16)
        data = cv2.imencode(suffix, noise)[1].tobytes()
        path.write_bytes(data[: len(data) // 2])

    return write


def huge_png(path: Path) -> None:
    def chunk(kind: bytes, body: bytes) -> bytes:
        sum_of = zlib.crc32(kind + body)
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", sum_of)

    header = struct.pack(">IIBBBBB", 40_000, 40_000, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(100)))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + body + chunk(b"IEND", b""))


def float_tiff(path: Path) -> None:
    Image.fromarray(np.zeros((2, 2), np.float32)).save(path, "TIFF")


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (text_file, "is not a JPEG"),
        (lambda path: path.write_bytes(b""), "is empty"),
        (lambda path: path.mkdir(), "is a folder"),
        (lambda _: None, "does not exist"),
        (truncated("JPEG"), "is damaged"),
        (truncated("PNG"), "is damaged"),
        (truncated("TIFF"), "is damaged"),
        (truncated("WEBP"), "is damaged"),
        (truncated("BMP"), "is damaged"),
        (truncated("GIF"), "is damaged"),
        (truncated_deep(".png"), "is damaged"),
        (truncated_deep(".tiff"), "is damaged"),
        (huge_png, "up to 1 gigapixel"),
        (float_tiff, "32 bits per channel"),
        (os.mkfifo, "is not a file"),
    ],
)
def test_what_cannot_be_opened_is_refused_in_one_sentence(
    tmp_path: Path, make: Callable[[Path], None], reason: str
) -> None:
    path = tmp_path / "holiday.jpg"
    make(path)
    with pytest.raises(PhotoError, match=reason) as caught:
        read_photo(path)
    sentence = str(caught.value)
    assert "holiday.jpg" in sentence
    assert sentence.endswith(".")
    assert "\n" not in sentence


@pytest.mark.parametrize(
    ("error", "reason"),
    [(PermissionError(13, "no"), "permission denied"), (OSError(5, "I/O"), "from its disk")],
)
def test_a_file_the_system_refuses_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: OSError, reason: str
) -> None:
    path = small_photo(tmp_path / "locked.png")

    def refuse(self: Path) -> bytes:
        raise error

    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(PhotoError, match=rf"locked\.png.*{reason}"):
        read_photo(path)


def test_a_file_beyond_the_byte_limit_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(photo_io, "MAX_FILE_BYTES", 10)
    with pytest.raises(PhotoError, match="larger than 2 GB"):
        read_photo(small_photo(tmp_path / "big.png"))


def outcome(path: Path) -> Photo | PhotoError:
    try:
        return read_photo(path)
    except PhotoError as error:
        return error


@pytest.mark.parametrize("form", ["JPEG", "PNG", "TIFF", "WEBP", "GIF"])
@settings(deadline=None, max_examples=60)  # time is not what this is about
@given(data=st.data())
def test_damage_anywhere_gives_a_photo_or_a_photo_error(
    tmp_path_factory: pytest.TempPathFactory, form: str, data: st.DataObject
) -> None:
    buffer = BytesIO()
    Image.linear_gradient("L").resize((8, 8)).convert("RGB").save(buffer, form)
    content = bytearray(buffer.getvalue())
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.getbasetemp() / f"damaged.{form}"
    path.write_bytes(content)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(limits, "MAX_PIXELS", 2**20)  # a flipped size byte costs seconds to decode
        assert isinstance(outcome(path), Photo | PhotoError)
