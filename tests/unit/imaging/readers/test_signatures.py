import pytest
from odd_formats import write_tiff
from odd_sources import draw

from himapp.imaging.readers.signatures import recognise


def boxes(*brands: bytes) -> bytes:
    major, *compatible = brands
    body = b"ftyp" + major + bytes(4) + b"".join(compatible)
    return (len(body) + 4).to_bytes(4, "big") + body + b"heic"


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"\xff\xd8\xff\xe0", "JPEG"),
        (b"\x89PNG\r\n\x1a\n", "PNG"),
        (b"GIF87a", "GIF"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "WebP"),
        (b"RIFF\0\0\0\0WAVEfmt ", None),
        (b"BM" + bytes(12) + b"\x28\0\0\0", "BMP"),
        (b"BM, a poem by nobody", None),
        (b"8BPS\0\x01", "PSD"),
        (boxes(b"heic", b"mif1"), "HEIC"),
        (boxes(b"mif1", b"heic"), "HEIC"),
        (boxes(b"mif1", b"avif"), "AVIF"),
        (boxes(b"mif1"), "HEIC"),
        (boxes(b"avif"), "AVIF"),
        (boxes(b"crx "), "RAW"),
        (boxes(b"isom", b"mp42"), None),
        (b"FUJIFILMCCD-RAW 0201", "RAW"),
        (b"IIU\0", "RAW"),
        (b"II*\0\x10\0\0\0CR\x02\0", "RAW"),
        (b"II*\0", "TIFF"),
        (b"", None),
        (b"Dear reader,", None),
    ],
)
def test_the_first_bytes_say_the_format(data: bytes, expected: str | None) -> None:
    assert recognise(data) == expected


@pytest.mark.parametrize("tags", [{262: (3, [32803])}, {259: (3, [34713])}, {50706: (1, [1] * 4)}])
def test_a_tiff_of_a_cameras_own_kind_is_raw(tags: dict[int, tuple[int, list[int]]]) -> None:
    assert recognise(write_tiff(draw(1), 1, tags=tags)) == "RAW"
    assert recognise(write_tiff(draw(1), 1)) == "TIFF"


def test_the_raw_picture_may_stand_below_a_preview() -> None:
    preview = write_tiff(draw(3), 2, tags={330: (4, [8])})
    assert recognise(preview) == "TIFF"
    shifted = len(preview) + len(preview) % 2
    nested = write_tiff(draw(3), 2, tags={330: (4, [shifted])})
    entry = (1).to_bytes(2, "little") + b"\x06\x01\x03\0\x01\0\0\0\x23\x80\0\0" + bytes(4)
    assert recognise(nested.ljust(shifted, b"\0") + entry) == "RAW"
