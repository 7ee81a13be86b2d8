"""The whole files that make_odd_files.py starts from: every format, mode, depth and orientation."""

import io
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from odd_formats import icc_chunk, write_dng, write_png, write_psd, write_tiff
from PIL import Image, ImageCms

HEIGHT, WIDTH = 32, 48
TURNS = {1: 0, 3: 2, 6: 1, 8: 3}
"""Quarter turns to the left from upright to stored, for the orientations without a mirror."""


class Source(NamedTuple):
    """A whole file: its name, bytes, and what reading it gives."""

    name: str
    data: bytes
    size: tuple[int, int] = (WIDTH, HEIGHT)
    facts: dict[str, Any] = {}  # noqa: RUF012 - never changed


def draw(channels: int, kind: type = np.uint8) -> np.ndarray:
    """Return ramps along both sides: no two rows, columns or channels are alike."""
    top = np.iinfo(kind).max
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    ramps = (x / (WIDTH - 1), y / (HEIGHT - 1), (x + y) / (HEIGHT + WIDTH), 1 - x / WIDTH)
    return np.rint(np.stack(ramps[:channels], axis=2) * top).astype(kind)


def profile(model: str = "RGB", *, damaged: bool = False) -> bytes:
    """Return an RGB profile whose header names a model; damaged: cut behind its header."""
    icc = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    icc[16:20] = model.encode().ljust(4)
    icc[24:36] = bytes(12)  # when it was made
    return bytes(icc[:140] if damaged else icc)


def list_sources() -> list[Source]:
    """Return all of them."""
    return [*_pngs(), *_tiffs(), *_psds(), *_by_pillow(), *_turned(), *_raws(), *_stored()]


def _facts(bits: int = 8, *, grey: bool = False, icc: bool = False) -> dict[str, Any]:
    return {"bits": bits, "grey": grey, "icc": icc}


def _pngs() -> Iterator[Source]:
    types = {"grey": (0, 1), "rgb": (2, 3), "grey_alpha": (4, 2), "rgba": (6, 4)}
    for name, (color_type, channels) in types.items():
        for kind, bits in ((np.uint8, 8), (np.uint16, 16)):
            for interlaced in (False, True):
                data = write_png(draw(channels, kind), color_type, interlaced=interlaced)
                facts = _facts(bits, grey=color_type in (0, 4))
                yield Source(f"png_{name}_{bits}{'_adam7' * interlaced}.png", data, facts=facts)
    key = ((b"tRNS", bytes(6)),)
    yield Source("png_key_8.png", write_png(draw(3), 2, chunks=key), facts=_facts())
    yield Source("png_key_16.png", write_png(draw(3, np.uint16), 2, chunks=key), facts=_facts(16))
    grey_key = ((b"tRNS", bytes(2)),)
    yield Source(
        "png_key_grey.png", write_png(draw(1), 0, chunks=grey_key), facts=_facts(grey=True)
    )
    palette = ((b"PLTE", bytes(range(256)) * 3), (b"tRNS", bytes(range(256))))
    yield Source("png_palette.png", write_png(draw(1), 3, chunks=palette), facts=_facts())
    fits = (icc_chunk(profile()),)
    yield Source("png_icc.png", write_png(draw(3), 2, chunks=fits), facts=_facts(icc=True))
    deep = write_png(draw(3, np.uint16), 2, chunks=fits)
    yield Source("png_icc_16.png", deep, facts=_facts(16, icc=True))
    for name, icc in (("wrong", profile("GRAY")), ("cut", profile(damaged=True)), ("junk", b"icc")):
        chunks = (icc_chunk(icc),)
        yield Source(f"png_icc_{name}.png", write_png(draw(3), 2, chunks=chunks), facts=_facts())


def _tiffs() -> Iterator[Source]:
    for kind, bits in ((np.uint8, 8), (np.uint16, 16)):
        for compression in ("none", "lzw", "deflate", "packbits"):
            for tile in (None, 16):
                for planar in (False, True):
                    data = write_tiff(
                        draw(3, kind), 2, compression=compression, tile=tile, planar=planar
                    )
                    layout = f"{'tiled' if tile else 'strips'}{'_planar' * planar}"
                    yield Source(
                        f"tiff_{bits}_{compression}_{layout}.tif", data, facts=_facts(bits)
                    )
        for name, (photometric, channels, grey) in {
            "white_is_zero": (0, 1, True),
            "grey": (1, 1, True),
            "cmyk": (5, 4, False),
            "lab": (8, 3, False),
            "icc_lab": (9, 3, False),
        }.items():
            data = write_tiff(draw(channels, kind), photometric)
            yield Source(f"tiff_{name}_{bits}.tif", data, facts={"bits": bits, "grey": grey})
        for name, order, is_big in (
            ("big_endian", ">", False),
            ("bigtiff", "<", True),
            ("bigtiff_big_endian", ">", True),
        ):
            data = write_tiff(draw(3, kind), 2, order=order, is_big=is_big, compression="deflate")
            yield Source(f"tiff_{name}_{bits}.tif", data, facts=_facts(bits))
        for extra, name in enumerate(("unspecified", "associated", "unassociated")):
            data = write_tiff(draw(4, kind), 2, tags={338: (3, [extra])})
            yield Source(f"tiff_{name}_{bits}.tif", data, facts=_facts(bits))
        data = write_tiff(draw(3, kind), 2, compression="lzw", predicted=True)
        yield Source(f"tiff_predictor_{bits}.tif", data, facts=_facts(bits))
    yield Source("tiff_pages.tif", write_tiff(draw(3), 2, pages=3), facts=_facts())
    icc = {34675: (7, profile())}
    yield Source("tiff_icc.tif", write_tiff(draw(3), 2, tags=icc), facts=_facts(icc=True))
    colors = {320: (3, list(range(0, 65536, 256)) * 3)}
    yield Source("tiff_palette.tif", write_tiff(draw(1), 3, tags=colors), facts=_facts())


def _psds() -> Iterator[Source]:
    for name, (mode, channels, grey) in {
        "grey": (1, 1, True),
        "rgb": (3, 3, False),
        "rgb_extra": (3, 4, False),
        "cmyk": (4, 4, False),
        "lab": (9, 3, False),
        "duotone": (8, 1, True),
    }.items():
        for kind, bits in ((np.uint8, 8), (np.uint16, 16)):
            planes = np.moveaxis(draw(channels, kind), 2, 0)
            data = write_psd(planes, mode)
            yield Source(f"psd_{name}_{bits}.psd", data, facts={"bits": bits, "grey": grey})
    for compression in (0, 2, 3):
        for version, suffix in ((1, "psd"), (2, "psb")):
            planes = np.moveaxis(draw(3, np.uint16), 2, 0)
            data = write_psd(planes, 3, compression=compression, version=version)
            yield Source(f"psd_packed_{compression}.{suffix}", data, facts=_facts(16))
    indexed = write_psd(np.moveaxis(draw(1), 2, 0), 2, palette=bytes(range(256)) * 3)
    yield Source("psd_palette.psd", indexed, facts=_facts())
    bits = np.full((1, HEIGHT, WIDTH // 8), 0b10110010, np.uint8)
    yield Source("psd_bitmap.psd", write_psd(bits, 0, bits=1), facts=_facts(grey=True))
    icc = write_psd(np.moveaxis(draw(3), 2, 0), 3, resources={1039: profile()})
    yield Source("psd_icc.psd", icc, facts=_facts(icc=True))


def _by_pillow() -> Iterator[Source]:
    rgb, rgba = Image.fromarray(draw(3)), Image.fromarray(draw(4))
    grey, cmyk = rgb.convert("L"), rgb.convert("CMYK")
    pictures = [
        ("jpeg_rgb.jpg", rgb, {}),
        ("jpeg_progressive.jpg", rgb, {"progressive": True}),
        ("jpeg_grey.jpg", grey, {}),
        ("jpeg_cmyk.jpg", cmyk, {}),
        ("jpeg_icc.jpg", rgb, {"icc_profile": profile()}),
        ("jpeg_icc_wrong.jpg", rgb, {"icc_profile": profile("CMYK")}),
        ("jpeg_icc_cut.jpg", rgb, {"icc_profile": profile(damaged=True)}),
        ("jpeg_cmyk_icc_wrong.jpg", cmyk, {"icc_profile": profile()}),
        ("jpeg_exif_junk.jpg", rgb, {"exif": b"Exif\0\0II*\0\xff\xff\xff\x7f"}),
        ("webp_lossy.webp", rgb, {}),
        ("webp_lossless_alpha.webp", rgba, {"lossless": True}),
        ("webp_animated.webp", rgb, {"save_all": True, "append_images": [grey.convert("RGB")]}),
        ("bmp_rgb.bmp", rgb, {}),
        ("bmp_palette.bmp", rgb.convert("P"), {}),
        ("bmp_one_bit.bmp", rgb.convert("1"), {}),
        ("bmp_alpha.bmp", rgba, {}),
        ("gif.gif", rgb.convert("P"), {}),
        ("gif_transparent.gif", rgb.convert("P"), {"transparency": 3}),
        ("gif_animated.gif", rgb, {"save_all": True, "append_images": [grey.convert("RGB")]}),
        ("tiff_jpeg.tif", rgb, {"compression": "jpeg"}),
        ("tiff_cmyk_jpeg.tif", cmyk, {"compression": "jpeg"}),
        ("tiff_fax.tif", rgb.convert("1"), {"compression": "group4"}),
        ("avif.avif", rgb, {}),
        ("avif_alpha.avif", rgba, {}),
        ("png_one_bit.png", rgb.convert("1"), {}),
    ]
    for name, picture, options in pictures:
        yield Source(name, save(picture, Path(name).suffix, **options))
    for suffix in (".jpg", ".png", ".tif", ".webp", ".bmp", ".gif", ".avif"):
        yield Source(f"one_pixel{suffix}", save(Image.new("RGB", (1, 1)), suffix), (1, 1))
    for suffix in (".jpg", ".png", ".tif"):
        for size in ((20_000, 100), (100, 20_000)):
            long = save(Image.new("RGB", size, (90, 120, 150)), suffix)
            yield Source(f"long_{size[0]}{suffix}", long, size)


def save(picture: Image.Image, suffix: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, Image.registered_extensions()[suffix], **options)
    return buffer.getvalue()


def _turned() -> Iterator[Source]:
    for orientation, turns in TURNS.items():
        stored = np.ascontiguousarray(np.rot90(draw(3), turns))
        exif = Image.Exif()
        exif[0x0112] = orientation
        for suffix in (".jpg", ".png", ".tif", ".webp", ".avif"):
            data = save(Image.fromarray(stored), suffix, exif=exif.tobytes())
            yield Source(f"turned_{orientation}{suffix}", data)
        deep = np.ascontiguousarray(np.rot90(draw(3, np.uint16), turns))
        data = write_tiff(deep, 2, is_big=True, order=">", tags={274: (3, [orientation])})
        yield Source(f"turned_{orientation}_deep.tif", data, facts=_facts(16))


def _raws() -> Iterator[Source]:
    mosaic = np.full((HEIGHT, WIDTH), 20_000, np.uint16)
    mosaic[0::2, 1::2] = mosaic[1::2, 0::2] = 40_000
    for orientation, turns in TURNS.items():
        size = (HEIGHT, WIDTH) if turns % 2 else (WIDTH, HEIGHT)
        data = write_dng(mosaic, orientation=orientation)
        yield Source(f"raw_{orientation}.dng", data, size, _facts(16))
    yield Source("raw_big_endian.dng", write_dng(mosaic, order=">"), facts=_facts(16))


def _stored() -> Iterator[Source]:
    with np.load(Path(__file__).with_name("small_heic.npz")) as files:
        for name in files:
            bits = 16 if "bit" in name else 8
            yield Source(name, files[name].tobytes(), facts={"bits": bits})


def riff_with(kind: bytes) -> bytes:
    """Return a RIFF file that is no WebP."""
    return b"RIFF" + struct.pack("<I", 100) + kind + bytes(96)
