"""Make the corpus of odd and bad files, and expected.json beside them. Run it as::

    python tests/data/make_odd_files.py --out FOLDER

For every file expected.json says what opening it comes to: ``size`` [width, height] if it opens,
``refusal``, a word of the sentence, if it does not; both where damage may or may not be noticed;
and ``bits``, ``grey``, ``icc`` where they are certain. Seeded: the same bytes each time.
"""

import argparse
import json
import os
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from odd_formats import png_chunk, write_dng, write_png, write_psd, write_tiff
from odd_sources import HEIGHT, WIDTH, Source, draw, list_sources, riff_with, save
from PIL import Image

CUT_AT = (0.02, 0.2, 0.5, 0.9)
DAMAGED = (
    *("jpeg_rgb.jpg", "jpeg_progressive.jpg", "png_rgb_8.png", "png_rgb_16_adam7.png"),
    *("tiff_8_lzw_strips.tif", "tiff_16_none_strips.tif", "tiff_16_deflate_tiled_planar.tif"),
    *("webp_lossless_alpha.webp", "bmp_rgb.bmp", "gif.gif", "psd_rgb_8.psd", "psd_cmyk_16.psd"),
    *("psd_packed_3.psb", "avif.avif", "ten_bit.avif", "plain.heic", "ten_bit.heic", "raw_1.dng"),
)
"""Sources that are cut and flipped: every format, in its more fragile layouts."""

FLIPS = 3
LONG_NAME = "long_" + "n" * 191 + ".png"


def main() -> None:
    """Write the files and what is expected of them."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--out", type=Path, required=True, help="an empty or new folder")
    folder = parser.parse_args().out
    folder.mkdir(parents=True, exist_ok=True)
    expected: dict[str, dict[str, Any]] = {}
    for name, data, outcome in [*_whole(), *_damaged(), *_refused(), *_named()]:
        assert name not in expected, name
        (folder / name).write_bytes(data)
        expected[name] = outcome
    expected |= _make_special(folder)
    text = json.dumps(expected, ensure_ascii=False, indent=1)
    (folder / "expected.json").write_text(text, encoding="utf-8")
    print(f"{len(expected)} files")


Files = Iterator[tuple[str, bytes, dict[str, Any]]]


def _whole() -> Files:
    for source in list_sources():
        yield source.name, source.data, {"size": source.size, **source.facts}


def _damaged() -> Files:
    sources = {source.name: source for source in list_sources()}
    rng = np.random.default_rng(11)
    for name in DAMAGED:
        source = sources[name]
        for share in CUT_AT:
            # As little as the first bytes of some formats is no sign of them.
            word = "damaged" if share > 0.1 else "“"
            cut = source.data[: max(1, int(len(source.data) * share))]
            yield f"cut_{int(share * 100):02}_{name}", cut, {"refusal": word}
        for number in range(FLIPS):
            data = _flip(source, rng)
            yield f"flip_{number}_{name}", data, {"size": None, "refusal": "“"}
    for name in ("jpeg_rgb.jpg", "png_rgb_8.png", "tiff_8_none_strips.tif", "psd_rgb_8.psd"):
        data = sources[name].data
        yield f"trailing_{name}", data + b"more" * 50, {"size": (WIDTH, HEIGHT)}
        yield f"zeros_{name}", data[:200] + bytes(len(data) - 200), {"size": None, "refusal": "“"}


def _flip(source: Source, rng: np.random.Generator) -> bytes:
    """Flip eight bits, three of them in the header."""
    data = bytearray(source.data)
    ends = [min(64, len(data))] * 3 + [len(data)] * 5
    for end in ends:
        data[int(rng.integers(4, end))] ^= 1 << int(rng.integers(0, 8))
    return bytes(data)


def _refused() -> Files:
    for suffix in ("jpg", "png", "tif", "webp", "bmp", "gif", "psd", "dng", "heic", "avif"):
        yield f"text.{suffix}", b"This is not a photo.\n" * 20, {"refusal": "is not a"}
        yield f"nothing.{suffix}", b"", {"refusal": "is empty"}
    yield "bmw.bmp", b"BMW is a car." * 9, {"refusal": "is not a"}
    yield "sound.webp", riff_with(b"WAVE"), {"refusal": "is not a"}
    yield (
        "film.mov",
        struct.pack(">I4s4sI", 20, b"ftyp", b"qt  ", 0) + b"qt  " + bytes(99),
        {"refusal": "is not a"},
    )
    yield "paper.pdf", b"%PDF-1.7\n" + bytes(99), {"refusal": "is not a"}
    yield "archive.jpg", b"PK\x03\x04" + bytes(99), {"refusal": "is not a"}
    yield "noise.jpg", np.random.default_rng(3).bytes(5000), {"refusal": "is not a"}
    yield "float.tif", _float_tiff(), {"refusal": "32 bits"}
    planes = np.zeros((3, 4, 4), np.uint32)
    yield "float.psd", write_psd(planes, 3, compression=0), {"refusal": "32 bits"}
    yield "multichannel.psd", write_psd(planes.astype(np.uint8), 7), {"refusal": "RGB, grey"}
    layers = write_psd(planes.astype(np.uint8), 3, resources={1057: b"\0\0\0\1\0"})
    yield "layers_only.psd", layers, {"refusal": "Maximize"}
    yield from _bombs()


def _float_tiff() -> bytes:
    return save(Image.fromarray(np.zeros((4, 4), np.float32)), ".tif")


def _bombs() -> Files:
    """Headers that promise far more than the file holds, and small files that unpack to much."""
    few = draw(3)
    for name, size, word in (
        ("gigapixels", (60_000, 60_000), "gigapixel"),
        ("too_much_memory", (25_000, 25_000), "memory"),
    ):
        yield f"bomb_{name}.png", write_png(few, 2, size=size), {"refusal": word}
        tags = {256: (4, [size[0]]), 257: (4, [size[1]]), 278: (4, [size[1]])}
        yield f"bomb_{name}.tif", write_tiff(few, 2, tags=tags), {"refusal": word}
        header = struct.pack(">4sH6xHIIHH", b"8BPS", 2, 3, size[1], size[0], 8, 3)
        yield f"bomb_{name}.psb", header + bytes(18), {"refusal": word}
        bmp = bytearray(save(Image.fromarray(few), ".bmp"))
        bmp[18:26] = struct.pack("<ii", *size)
        yield f"bomb_{name}.bmp", bytes(bmp), {"refusal": word}
        gif = bytearray(save(Image.fromarray(few).convert("P"), ".gif"))
        gif[6:10] = struct.pack("<HH", *size)
        yield f"bomb_{name}.gif", bytes(gif), {"refusal": word}
        jpeg = bytearray(save(Image.fromarray(few), ".jpg"))
        start = jpeg.index(b"\xff\xc0") + 5
        jpeg[start : start + 4] = struct.pack(">HH", *reversed(size))
        yield f"bomb_{name}.jpg", bytes(jpeg), {"refusal": word}
        dng = (
            write_dng(np.zeros((16, 16), np.uint16))
            .replace(struct.pack("<HHII", 256, 4, 1, 16), struct.pack("<HHII", 256, 4, 1, size[0]))
            .replace(struct.pack("<HHII", 257, 4, 1, 16), struct.pack("<HHII", 257, 4, 1, size[1]))
        )
        yield f"bomb_{name}.dng", dng, {"refusal": "“"}
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 2, 0, 0, 0)
    text = png_chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(30_000_000)))
    rows = png_chunk(b"IDAT", zlib.compress(bytes((3 * WIDTH + 1) * HEIGHT)))
    body = png_chunk(b"IHDR", header) + text + rows + png_chunk(b"IEND", b"")
    yield "bomb_text.png", b"\x89PNG\r\n\x1a\n" + body, {"size": None, "refusal": "damaged"}


def _named() -> Files:
    """Whole photos under odd names, and under the suffix of another format."""
    png, jpeg = write_png(draw(3), 2), save(Image.fromarray(draw(3)), ".jpg")
    for name in (
        *("Müller & Söhne.png", "人物 照片.png", "фото 🙂.png", "  spaces  .png", LONG_NAME),
        *("-leading-dash.png", "--out.png", "per%cent {stem}.png", "quote'\"s.png", "no_suffix"),
        *("two.dots..png", "UPPER.PNG", "new\nline.png", "ends with dot."),
    ):
        yield name, png, {"size": (WIDTH, HEIGHT)}
    for name, data in (
        *(("really_png.jpg", png), ("really_png.dng", png), ("really_png.psd", png)),
        *(("really_jpeg.png", jpeg), ("really_jpeg.heic", jpeg), ("really_jpeg.txt", jpeg)),
        ("really_tiff.nef", write_tiff(draw(3), 2)),
        ("really_dng.tif", write_dng(np.full((HEIGHT, WIDTH), 9000, np.uint16))),
    ):
        yield name, data, {"size": (WIDTH, HEIGHT)}


def _make_special(folder: Path) -> dict[str, dict[str, Any]]:
    """Make what is no ordinary file; the system may not know all of it."""
    (folder / "folder.jpg").mkdir(exist_ok=True)
    expected: dict[str, dict[str, Any]] = {"folder.jpg": {"refusal": "is a folder"}}
    read_only = folder / "read_only.png"
    read_only.write_bytes(write_png(draw(3), 2))
    read_only.chmod(0o444)
    expected["read_only.png"] = {"size": (WIDTH, HEIGHT)}
    if hasattr(os, "mkfifo"):
        os.mkfifo(folder / "pipe.jpg")
        expected["pipe.jpg"] = {"refusal": "is not a file"}
        (folder / "dangling.jpg").symlink_to(folder / "gone.jpg")
        expected["dangling.jpg"] = {"refusal": "does not exist"}
        (folder / "link.jpg").symlink_to(read_only)
        expected["link.jpg"] = {"size": (WIDTH, HEIGHT)}
        (folder / "circle.jpg").symlink_to(folder / "circle.jpg")
        expected["circle.jpg"] = {"refusal": "“"}
    return expected


if __name__ == "__main__":
    main()
