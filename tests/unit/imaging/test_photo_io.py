import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from odd_formats import write_png
from PIL import Image, ImageCms, TiffImagePlugin

from himapp.imaging.photo_io import read_photo

ORIENTATION = 0x0112


def ramp(height: int = 5, width: int = 7, dtype: type = np.uint8) -> npt.NDArray[np.uint16]:
    """A picture of which no two pixels, rows or columns are alike."""
    step = np.iinfo(dtype).max // (height * width)
    grey = np.arange(height * width, dtype=np.int64).reshape(height, width) * step
    return np.stack([grey, grey[::-1, ::-1], grey // 2], axis=2).astype(dtype)


def saved(path: Path, pixels: np.ndarray, **options: object) -> Path:
    Image.fromarray(pixels).save(path, **options)
    return path


def as_stored(upright: np.ndarray, orientation: int) -> np.ndarray:
    """What a camera stores for the upright picture: the inverse of EXIF's table, spelled out."""
    return {
        1: lambda p: p,
        2: np.fliplr,
        3: lambda p: np.rot90(p, 2),
        4: np.flipud,
        5: lambda p: p.swapaxes(0, 1),
        6: lambda p: np.rot90(p, 1),
        7: lambda p: np.rot90(p, 2).swapaxes(0, 1),
        8: lambda p: np.rot90(p, -1),
    }[orientation](upright).copy()


def oriented_exif(orientation: int) -> bytes:
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    exif[0x010F] = "Maker"
    return exif.tobytes()


def png_chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def profile(of: str) -> bytes:
    """A profile whose header names the colour model; the rest is sRGB's."""
    icc = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    icc[16:20] = of.encode().ljust(4)
    return bytes(icc)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", ["png", "tif", "webp", "jpg"])
def test_every_orientation_comes_out_upright(tmp_path: Path, suffix: str, orientation: int) -> None:
    # Flat blocks of 16 px survive JPEG; the middle of each is compared.
    upright = np.kron(ramp(2, 3), np.ones((16, 16, 1), np.uint8))
    options: dict[str, object] = {"exif": oriented_exif(orientation)}
    if suffix == "webp":
        options["lossless"] = True
    if suffix == "jpg":
        options |= {"quality": 98, "subsampling": 0}
    path = saved(tmp_path / f"photo.{suffix}", as_stored(upright, orientation), **options)

    photo = read_photo(path)

    assert photo.pixels.shape == upright.shape
    difference = photo.pixels[8::16, 8::16].astype(int) - upright[8::16, 8::16]
    assert np.abs(difference).max() <= (3 if suffix == "jpg" else 0)
    assert photo.exif is not None
    kept = Image.Exif()
    kept.load(photo.exif)
    assert kept.get(ORIENTATION, 1) == 1
    assert kept[0x010F] == "Maker"


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_sixteen_bit_colour_is_upright_too(tmp_path: Path, suffix: str, orientation: int) -> None:
    upright = ramp(3, 4, np.uint16)
    path = tmp_path / f"deep.{suffix}"
    stored = cv2.cvtColor(as_stored(upright, orientation), cv2.COLOR_RGB2BGR)
    data = cv2.imencode(f".{suffix}", stored)[1].tobytes()
    if suffix == "png":
        exif = oriented_exif(orientation).removeprefix(b"Exif\0\0")
        path.write_bytes(data[:33] + png_chunk(b"eXIf", exif) + data[33:])
    else:
        path.write_bytes(with_tiff_orientation(data, orientation))

    photo = read_photo(path)

    assert photo.bit_depth == 16
    np.testing.assert_array_equal(photo.pixels, upright)


def with_tiff_orientation(data: bytes, orientation: int) -> bytes:
    """Append to a little-endian TIFF a new directory: the old one and the orientation."""
    (start,) = struct.unpack_from("<I", data, 4)
    (count,) = struct.unpack_from("<H", data, start)
    entries = [data[start + 2 + 12 * i : start + 14 + 12 * i] for i in range(count)]
    entries.append(struct.pack("<HHIHH", ORIENTATION, 3, 1, orientation, 0))
    entries.sort(key=lambda entry: struct.unpack_from("<H", entry)[0])
    directory = struct.pack("<H", count + 1) + b"".join(entries) + bytes(4)
    return data[:4] + struct.pack("<I", len(data)) + data[8:] + directory


@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_all_65536_levels_survive(tmp_path: Path, suffix: str) -> None:
    levels = np.arange(65536, dtype=np.uint16).reshape(256, 256)
    pixels = np.stack([levels, levels.T, levels[::-1]], axis=2)
    path = tmp_path / f"levels.{suffix}"
    path.write_bytes(cv2.imencode(f".{suffix}", pixels[:, :, ::-1])[1].tobytes())

    photo = read_photo(path)

    assert photo.pixels.dtype == np.uint16
    np.testing.assert_array_equal(photo.pixels, pixels)


@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_sixteen_bit_grey_becomes_sixteen_bit_rgb(tmp_path: Path, suffix: str) -> None:
    grey = np.array([[0, 1, 257], [40000, 65534, 65535]], np.uint16)
    photo = read_photo(saved(tmp_path / f"grey.{suffix}", grey))
    np.testing.assert_array_equal(photo.pixels, np.stack([grey] * 3, axis=2))


def test_sixteen_bit_grey_where_zero_is_white_is_inverted(tmp_path: Path) -> None:
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    tags[262] = 0
    stored = np.array([[0, 65535]], np.uint16)
    photo = read_photo(saved(tmp_path / "fax.tif", stored, tiffinfo=tags))
    np.testing.assert_array_equal(photo.pixels[0, :, 0], [65535, 0])


def test_sixteen_bit_grey_with_alpha_is_laid_over_white(tmp_path: Path) -> None:
    row = np.array([[1000, 65535], [1000, 0], [0, 32768]], ">u2")
    header = struct.pack(">IIBBBBB", 3, 1, 16, 4, 0, 0, 0)
    path = tmp_path / "grey_alpha.png"
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + png_chunk(b"IHDR", header)
        + png_chunk(b"IDAT", zlib.compress(b"\0" + row.tobytes()))
        + png_chunk(b"IEND", b"")
    )
    photo = read_photo(path)
    np.testing.assert_array_equal(photo.pixels[0, :, 0], [1000, 65535, 32767])


@pytest.mark.parametrize("suffix", ["jpg", "png", "tif", "webp", "bmp", "gif"])
@pytest.mark.parametrize("size", [(1, 1), (100, 20_000), (20_000, 100)])
def test_extreme_sizes_open(tmp_path: Path, suffix: str, size: tuple[int, int]) -> None:
    if suffix == "webp" and max(size) > 16383:
        pytest.skip("WebP itself ends at 16,383 px")
    path = saved(tmp_path / f"size.{suffix}", np.full((*size, 3), 200, np.uint8))
    photo = read_photo(path)
    assert photo.pixels.shape == (*size, 3)
    assert abs(int(photo.pixels[0, 0, 0]) - 200) <= 1


def test_the_content_decides_not_the_name(tmp_path: Path) -> None:
    path = saved(tmp_path / "really_a_png.jpg", ramp(), format="PNG")
    photo = read_photo(path)
    assert photo.format == "PNG"
    np.testing.assert_array_equal(photo.pixels, ramp())


def test_a_palette_and_its_transparency_become_rgb_over_white(tmp_path: Path) -> None:
    image = Image.new("P", (3, 1))
    image.putpalette([255, 0, 0, 0, 255, 0, 0, 0, 255])
    image.putdata([0, 1, 2])
    path = tmp_path / "palette.gif"
    image.save(path, transparency=1)
    photo = read_photo(path)
    np.testing.assert_array_equal(photo.pixels[0], [[255, 0, 0], [255, 255, 255], [0, 0, 255]])


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_alpha_is_flattened_over_white_and_rounded_once(tmp_path: Path, dtype: type) -> None:
    rng = np.random.default_rng(1)
    top = int(np.iinfo(dtype).max)
    rgba = rng.integers(0, top + 1, (16, 16, 4)).astype(dtype)
    path = tmp_path / "alpha.png"
    path.write_bytes(cv2.imencode(".png", cv2.cvtColor(rgba, cv2.COLOR_RGBA2BGRA))[1].tobytes())

    photo = read_photo(path)

    alpha = rgba[:, :, 3:].astype(np.float64) / top
    exact = rgba[:, :, :3] * alpha + top * (1 - alpha)
    assert np.abs(photo.pixels - exact).max() <= 0.5 + 1e-6
    assert photo.pixels.dtype == dtype


def test_the_transparent_grey_of_a_deep_png_becomes_white(tmp_path: Path) -> None:
    grey = np.array([[1000, 1001], [0, 65535]], np.uint16)
    key = (b"tRNS", struct.pack(">H", 1000))
    path = tmp_path / "key.png"
    path.write_bytes(write_png(grey, 0, chunks=(key,)))
    photo = read_photo(path)
    assert photo.is_grey
    assert photo.pixels[..., 0].tolist() == [[65535, 1001], [0, 65535]]


@pytest.mark.parametrize(("bits", "step"), [(2, 85), (4, 17)])
def test_the_transparent_grey_of_a_shallow_png_becomes_white(
    tmp_path: Path, bits: int, step: int
) -> None:
    header = struct.pack(">IIBBBBB", 2, 1, bits, 0, 0, 0, 0)
    row = bytes([0, 1 << (8 - bits) | 2 << (8 - 2 * bits)])
    chunks = ((b"IHDR", header), (b"tRNS", b"\0\1"), (b"IDAT", zlib.compress(row)), (b"IEND", b""))
    path = tmp_path / "key.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(png_chunk(*chunk) for chunk in chunks))
    assert read_photo(path).pixels[0, :, 0].tolist() == [255, 2 * step]


@pytest.mark.parametrize("key", [0, 1])
def test_the_transparent_grey_of_a_png_of_one_bit_becomes_white(tmp_path: Path, key: int) -> None:
    picture = Image.fromarray(np.array([[False, True]]))
    picture.save(tmp_path / "key.png", transparency=key)
    seen = read_photo(tmp_path / "key.png").pixels[0, :, 0].tolist()
    assert seen == ([255, 255] if key == 0 else [0, 255])


def test_sixteen_bit_tiff_with_associated_alpha_is_not_darkened(tmp_path: Path) -> None:
    half_red = np.array([[[32768, 0, 0, 32768]]], np.uint16)
    data = cv2.imencode(".tif", cv2.cvtColor(half_red, cv2.COLOR_RGBA2BGRA))[1].tobytes()
    for kind, expected in ((1, (65535, 32767, 32767)), (2, (49151, 32767, 32767))):
        path = tmp_path / f"extra{kind}.tif"
        path.write_bytes(with_extra_sample(data, kind))
        assert np.abs(read_photo(path).pixels[0, 0].astype(int) - expected).max() <= 1


def with_extra_sample(data: bytes, kind: int) -> bytes:
    """Give a little-endian four-channel TIFF the meaning of its fourth channel."""
    (start,) = struct.unpack_from("<I", data, 4)
    (count,) = struct.unpack_from("<H", data, start)
    entries = [data[start + 2 + 12 * i : start + 14 + 12 * i] for i in range(count)]
    entries = [entry for entry in entries if struct.unpack_from("<H", entry)[0] != 338]
    entries.append(struct.pack("<HHIHH", 338, 3, 1, kind, 0))
    entries.sort(key=lambda entry: struct.unpack_from("<H", entry)[0])
    directory = struct.pack("<H", len(entries)) + b"".join(entries) + bytes(4)
    return data[:4] + struct.pack("<I", len(data)) + data[8:] + directory


@pytest.mark.parametrize("suffix", ["jpg", "tif"])
def test_cmyk_becomes_srgb_without_a_profile(tmp_path: Path, suffix: str) -> None:
    image = Image.new("CMYK", (8, 8), (0, 255, 255, 0))
    path = tmp_path / f"print.{suffix}"
    image.save(path, icc_profile=profile("CMYK"))  # a CMYK profile that is in truth damaged
    photo = read_photo(path)
    assert photo.icc is None
    assert photo.source_mode == "CMYK"
    assert np.abs(photo.pixels[4, 4].astype(int) - (255, 0, 0)).max() <= 3


def test_lab_becomes_srgb(tmp_path: Path) -> None:
    path = tmp_path / "lab.tif"
    lab = Image.merge("LAB", [Image.new("L", (4, 4), v) for v in (138, 209, 198)])
    lab.save(path)  # L* 54, a* 81, b* 70 at D50: sRGB red
    photo = read_photo(path)
    assert photo.source_mode == "LAB"
    assert np.abs(photo.pixels[0, 0].astype(int) - (255, 0, 0)).max() <= 5


def test_a_profile_stays_only_where_it_fits(tmp_path: Path) -> None:
    rgb, grey = profile("RGB"), profile("GRAY")
    assert read_photo(saved(tmp_path / "a.png", ramp(), icc_profile=rgb)).icc == rgb
    assert read_photo(saved(tmp_path / "b.png", ramp(), icc_profile=grey)).icc is None
    assert read_photo(saved(tmp_path / "c.png", ramp(), icc_profile=b"junk")).icc is None
    deep_grey = np.zeros((2, 2), np.uint16)
    assert read_photo(saved(tmp_path / "d.png", ramp()[:, :, 0], icc_profile=rgb)).icc is None
    assert read_photo(saved(tmp_path / "e.png", deep_grey, icc_profile=grey)).icc is None


def test_sixteen_bit_colour_keeps_its_profile(tmp_path: Path) -> None:
    data = cv2.imencode(".png", ramp(dtype=np.uint16))[1].tobytes()
    body = b"x\0\0" + zlib.compress(profile("RGB"))
    path = tmp_path / "deep.png"
    path.write_bytes(data[:33] + png_chunk(b"iCCP", body) + data[33:])
    assert read_photo(path).icc == profile("RGB")


def test_names_in_every_script_open(tmp_path: Path) -> None:
    path = saved(tmp_path / "Åsa 人 🙂 фото.png", ramp())
    assert read_photo(path).path == path


def test_reading_leaves_the_file_alone(tmp_path: Path) -> None:
    path = saved(tmp_path / "photo.jpg", ramp(), exif=oriented_exif(6))
    before, time = path.read_bytes(), path.stat().st_mtime_ns
    read_photo(path)
    assert path.read_bytes() == before
    assert path.stat().st_mtime_ns == time
    assert list(tmp_path.iterdir()) == [path]


def test_damaged_exif_does_not_cost_the_photo(tmp_path: Path) -> None:
    path = saved(tmp_path / "odd.png", ramp(), exif=b"Exif\0\0II*\0\xff\xff\xff\x7f")
    photo = read_photo(path)
    np.testing.assert_array_equal(photo.pixels, ramp())
    assert photo.exif is None


def test_a_tiff_keeps_the_facts_about_camera_time_and_place(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0110] = "A camera"
    exif[ORIENTATION] = 3
    exif[0x8769] = {0x9003: "2024:05:06 07:08:09"}
    exif[0x8825] = {1: "N"}
    photo = read_photo(saved(tmp_path / "a.tif", ramp(), exif=exif.tobytes()))
    assert photo.exif is not None
    kept = Image.Exif()
    kept.load(photo.exif)
    assert kept[0x0110] == "A camera"
    assert kept.get_ifd(0x8769)[0x9003] == "2024:05:06 07:08:09"
    assert kept.get_ifd(0x8825)[1] == "N"
    assert set(kept) <= {0x0110, 0x8769, 0x8825}  # nothing about the old file's layout
    np.testing.assert_array_equal(photo.pixels, np.rot90(ramp(), 2))
