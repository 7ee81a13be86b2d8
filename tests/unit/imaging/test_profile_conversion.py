import io
import struct
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image, ImageCms

from himapp.imaging.photo import PixelArray
from himapp.imaging.profile_conversion import (
    convert_pixels,
    convert_to_bytes,
    grey_to_rgb,
    is_same_space,
    name_profile,
    rgb_profile_of_grey,
)
from himapp.imaging.working_spaces import ColorSpace, grey_profile, profile_of

SRGB, P3, ADOBE = (profile_of(space) for space in ("srgb", "display-p3", "adobe-rgb"))
INTENT = ImageCms.Intent.RELATIVE_COLORIMETRIC
BLACK_POINT = ImageCms.Flags.BLACKPOINTCOMPENSATION
EXACT = BLACK_POINT | ImageCms.Flags.NOOPTIMIZE


def make_colors() -> npt.NDArray[np.uint8]:
    """Every 17th value of each channel with every other, and all greys."""
    steps = np.arange(0, 256, 17, dtype=np.uint8)
    colors = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(16, 256, 3)
    greys = np.repeat(np.arange(256, dtype=np.uint8), 3).reshape(1, 256, 3)
    return np.concatenate([colors, greys])


def convert_with_lcms(
    pixels: PixelArray, source: bytes, target: bytes, flags: ImageCms.Flags = BLACK_POINT
) -> npt.NDArray[np.int32]:
    opened = [ImageCms.ImageCmsProfile(io.BytesIO(icc)) for icc in (source, target)]
    converted = ImageCms.profileToProfile(
        Image.fromarray(pixels), *opened, INTENT, outputMode="RGB", flags=flags
    )
    return np.asarray(converted).astype(np.int32)


# sRGB's curve as a profile stores it, in steps of 1/65536.
A, B, C, D = (round(x * 65536) / 65536 for x in (1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045))
G = round(2.4 * 65536) / 65536


def decode(values: npt.NDArray[np.float64], space: ColorSpace) -> npt.NDArray[np.float64]:
    if space == "adobe-rgb":
        return values ** (563 / 256)
    return np.where(values < D, C * values, (A * values + B) ** G)


def encode(light: npt.NDArray[np.float64], space: ColorSpace) -> npt.NDArray[np.float64]:
    if space == "adobe-rgb":
        return light ** (256 / 563)
    return np.where(light < C * D, light / C, (light ** (1 / G) - B) / A)


def matrix_of(space: ColorSpace) -> npt.NDArray[np.float64]:
    profile = ImageCms.ImageCmsProfile(io.BytesIO(profile_of(space))).profile
    primaries = profile.red_primary, profile.green_primary, profile.blue_primary
    return np.array([primary[0] for primary in primaries]).T


def make_table_profile(black: float) -> bytes:
    """Return a scanner's profile: a table of 17 steps to Lab, its black as bright as said."""
    steps = np.linspace(0, 1, 17)
    rgb = np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), -1).reshape(-1, 3)
    columns = np.array([[0.50, 0.30, 0.1642], [0.25, 0.67, 0.08], [0.02, 0.08, 0.7249]])
    xyz = (black + (1 - black) * rgb**2) @ columns.T / (0.9642, 1.0, 0.8249)
    f = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    lab = 116 * f[:, 1] - 16, 500 * (f[:, 0] - f[:, 1]), 200 * (f[:, 1] - f[:, 2])
    stored = np.stack([lab[0] * 652.8, (lab[1] + 128) * 256, (lab[2] + 128) * 256], -1)
    line = struct.pack(">6H", *(0, 65535) * 3)
    unit = (65536, 0, 0, 0, 65536, 0, 0, 0, 65536)
    table = b"mft2" + bytes(4) + struct.pack(">4B9i2H", 3, 3, 17, 0, *unit, 2, 2)
    table += line + np.rint(stored).astype(">u2").tobytes() + line
    white = struct.pack(">3i", 63190, 65536, 54061)
    tags = {
        b"desc": b"desc" + bytes(4) + struct.pack(">I", 6) + b"table\0" + bytes(78),
        b"cprt": b"text" + bytes(4) + b"none\0",
        b"wtpt": b"XYZ " + bytes(4) + white,
        b"A2B0": table,
        b"A2B1": table,
    }
    directory, body, start = b"", b"", 128 + 4 + 12 * len(tags)
    for name, element in tags.items():
        directory += struct.pack(">4sII", name, start + len(body), len(element))
        body += element + bytes(-len(element) % 4)
    content = struct.pack(">I", len(tags)) + directory + body
    head = struct.pack(">I4xI4s4s4s12x4s", 128 + len(content), 0x02400000, *MODELS, b"acsp")
    return (head.ljust(68, b"\0") + white).ljust(128, b"\0") + content


MODELS = (b"scnr", b"RGB ", b"Lab ")


@pytest.mark.parametrize("source", [P3, ADOBE])
def test_conversion_to_srgb_is_within_one_of_lcms(source: bytes) -> None:
    ours = convert_pixels(make_colors(), source, None)
    assert ours.dtype == np.uint8
    assert np.abs(ours - convert_with_lcms(make_colors(), source, SRGB)).max() <= 1


@pytest.mark.parametrize(
    ("source", "target"), [(SRGB, P3), (SRGB, ADOBE), (P3, ADOBE), (ADOBE, P3), (P3, SRGB)]
)
def test_conversion_between_spaces_is_within_one_of_lcms(source: bytes, target: bytes) -> None:
    # Its shortcut for 8 bit has only 16,384 steps of light, up to 3 levels of a dark Adobe RGB.
    theirs = convert_with_lcms(make_colors(), source, target, EXACT)
    assert np.abs(convert_pixels(make_colors(), source, target) - theirs).max() <= 1


@pytest.mark.parametrize(
    ("source", "target"),
    [("adobe-rgb", "srgb"), ("display-p3", "srgb"), ("srgb", "adobe-rgb"), ("srgb", "display-p3")],
)
def test_16_bit_stays_16_bit_and_exact(source: ColorSpace, target: ColorSpace) -> None:
    pixels = np.random.default_rng(5).integers(0, 65536, (90, 100, 3)).astype(np.uint16)
    pixels[:30] >>= 5
    light = decode(pixels / 65535, source) @ matrix_of(source).T
    light = np.clip(light @ np.linalg.inv(matrix_of(target)).T, 0, 1)
    exact = encode(light, target) * 65535
    ours = convert_pixels(pixels, profile_of(source), profile_of(target))
    assert ours.dtype == np.uint16
    error = np.abs(ours - exact)
    # float32 resolves a millionth of the light of a channel that a saturated colour cancels out.
    assert error[light > 1e-6].max() < 3
    assert error.max() < 100


def test_there_and_back_gives_the_pixels_back() -> None:
    colors = make_colors()
    deep = colors.astype(np.uint16) * 257
    there = convert_pixels(deep, None, P3)
    assert np.abs(convert_pixels(there, P3, None).astype(int) - deep).max() <= 60
    assert not np.array_equal(there, deep)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_black_white_and_neutral_greys_stay_so(dtype: type) -> None:
    top = np.iinfo(dtype).max
    ends = np.array([[[0, 0, 0], [top, top, top]]], dtype)
    np.testing.assert_array_equal(convert_pixels(ends, ADOBE, None), ends)
    greys = np.repeat(np.arange(0, top, top // 255, dtype=dtype), 3).reshape(1, -1, 3)
    converted = convert_pixels(greys, ADOBE, P3).astype(int)
    assert np.ptp(converted, axis=-1).max() <= (1 if dtype == np.uint8 else 2)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_alpha_stays(dtype: type) -> None:
    rgba = np.random.default_rng(2).integers(0, 256, (40, 30, 4)).astype(dtype)
    converted = convert_pixels(rgba, ADOBE, None)
    np.testing.assert_array_equal(converted[..., 3], rgba[..., 3])
    np.testing.assert_array_equal(converted[..., :3], convert_pixels(rgba[..., :3], ADOBE, None))


def test_stripes_do_not_show() -> None:
    row = np.arange(256, dtype=np.uint8).repeat(3).reshape(1, 256, 3)
    tall = row.repeat(3000, axis=0)
    converted = convert_pixels(tall, ADOBE, None)
    np.testing.assert_array_equal(converted, convert_pixels(row, ADOBE, None).repeat(3000, axis=0))


@pytest.mark.parametrize("other", [None, SRGB, ImageCms.createProfile("sRGB")])
def test_one_space_under_other_names_is_left_alone(other: object) -> None:
    icc = other if isinstance(other, bytes | None) else ImageCms.ImageCmsProfile(other).tobytes()
    pixels = make_colors()
    assert convert_pixels(pixels, icc, SRGB) is pixels
    assert is_same_space(icc, None)
    assert not is_same_space(icc, ADOBE)


@pytest.mark.parametrize(
    "damage",
    [
        lambda icc: icc[:0],
        lambda icc: icc[:100],
        lambda icc: icc[:300],
        lambda icc: icc.replace(b"rXYZ", b"zzzz"),
        lambda icc: icc.replace(b"para\0\0\0\0\0\0", b"para\0\0\0\0\0\x09"),
        lambda icc: icc.replace(b"acsp", b"abcd"),
        lambda icc: icc[:128] + b"\xff" * 400,
    ],
)
def test_a_damaged_profile_counts_as_srgb(damage: Callable[[bytes], bytes]) -> None:
    pixels, icc = make_colors(), damage(ADOBE)
    assert convert_pixels(pixels, icc, None) is pixels
    assert convert_pixels(pixels, None, icc) is pixels
    np.testing.assert_array_equal(convert_pixels(pixels, icc, P3), convert_pixels(pixels, None, P3))


@pytest.mark.parametrize("icc", [b"", ADOBE[:100], ADOBE[:128] + b"\xff" * 400])
def test_a_profile_without_a_readable_name_has_none(icc: bytes) -> None:
    assert name_profile(icc) == "own profile"


def test_profiles_have_names() -> None:
    assert name_profile(None) == name_profile(SRGB) == "sRGB"
    assert name_profile(P3) == "Display P3"


def test_random_bytes_in_a_profile_do_no_harm() -> None:
    rng, pixels = np.random.default_rng(11), make_colors()[:1]
    for _ in range(60):
        icc = bytearray(ADOBE)
        for place in rng.integers(36, len(icc), 6):
            icc[place] = rng.integers(256)
        assert convert_pixels(pixels, bytes(icc), None).shape == pixels.shape


@pytest.mark.parametrize("black", [0.0, 0.03])
def test_a_table_goes_through_lcms_at_8_bit(black: float) -> None:
    icc, colors = make_table_profile(black), make_colors()
    flags = BLACK_POINT | ImageCms.Flags.HIGHRESPRECALC
    theirs = convert_with_lcms(colors, icc, SRGB, flags)
    np.testing.assert_array_equal(convert_pixels(colors, icc, None), theirs)


@pytest.mark.parametrize("black", [0.0, 0.03])
def test_a_table_keeps_16_bit_and_its_black_is_compensated(black: float) -> None:
    icc, colors = make_table_profile(black), make_colors()
    converted = convert_pixels(colors.astype(np.uint16) * 257, icc, P3)
    assert converted.dtype == np.uint16
    # Half a level is theirs. Between the darkest of the grid's points lines are a little off.
    error = np.abs(converted / 257 - convert_with_lcms(colors, icc, P3, EXACT))
    assert np.percentile(error, 99) < 0.75
    assert error.max() < 3
    ramp = np.repeat(np.linspace(20000, 50000, 2000).astype(np.uint16), 3).reshape(1, -1, 3)
    levels = np.unique(convert_pixels(ramp, icc, P3)[..., 1])
    assert len(levels) > 1500


def test_to_a_table_that_only_leads_out_pixels_stay_as_they_are() -> None:
    pixels = make_colors()
    assert convert_pixels(pixels, None, make_table_profile(0)) is pixels


def test_bytes_for_the_screen_are_the_converted_pixels_rounded() -> None:
    deep = np.random.default_rng(3).integers(0, 65536, (20, 20, 3)).astype(np.uint16)
    shown = convert_to_bytes(deep, ADOBE, None)
    assert shown.dtype == np.uint8
    np.testing.assert_allclose(shown, convert_pixels(deep, ADOBE, None) / 257, atol=0.51)
    same = (deep >> 8).astype(np.uint8)
    assert convert_to_bytes(same, None, None) is same
    table = make_table_profile(0.02)
    np.testing.assert_allclose(
        convert_to_bytes(deep, table, ADOBE), convert_pixels(deep, table, ADOBE) / 257, atol=3
    )


def test_grey_becomes_rgb_through_its_profile() -> None:
    gamma = grey_with_curve(b"curv" + bytes(4) + struct.pack(">IH", 1, 0x01CD))
    values = np.arange(256, dtype=np.uint8)[np.newaxis]
    rgb = grey_to_rgb(values, gamma)
    exact = encode((values / 255) ** (0x01CD / 256), "srgb") * 255
    np.testing.assert_allclose(rgb[..., 1], exact, atol=0.6)
    np.testing.assert_array_equal(rgb, grey_to_rgb(rgb_of(values), gamma))
    np.testing.assert_array_equal(rgb[..., 0], rgb[..., 2])
    assert grey_to_rgb(values.astype(np.uint16), gamma).dtype == np.uint16


def test_grey_without_a_profile_is_srgb_grey() -> None:
    values = np.arange(256, dtype=np.uint8)[np.newaxis]
    for icc in (None, grey_profile(), b"damaged", ADOBE):
        np.testing.assert_array_equal(grey_to_rgb(values, icc), rgb_of(values))
        assert rgb_profile_of_grey(icc) is None


def test_a_grey_profile_of_lightness_becomes_one_of_light() -> None:
    icc = bytearray(grey_with_curve(b"curv" + bytes(4) + struct.pack(">I", 0)))
    icc[20:24] = b"Lab "
    made = rgb_profile_of_grey(bytes(icc))
    assert made is not None
    values = np.arange(256, dtype=np.uint8)[np.newaxis]
    opened = ImageCms.ImageCmsProfile(io.BytesIO(bytes(icc)))
    srgb = ImageCms.ImageCmsProfile(io.BytesIO(SRGB))
    theirs = ImageCms.profileToProfile(
        Image.fromarray(values), opened, srgb, INTENT, outputMode="RGB"
    )
    ours = grey_to_rgb(values, bytes(icc)).astype(int)
    assert np.abs(ours - np.asarray(theirs)).max() <= 1


def rgb_of(grey: PixelArray) -> PixelArray:
    return np.repeat(grey[..., np.newaxis], 3, axis=2)


def grey_with_curve(curve: bytes) -> bytes:
    """Return the grey profile with another curve, put behind its end."""
    icc = bytearray(grey_profile())
    place = icc.index(b"kTRC")
    icc[place + 4 : place + 12] = struct.pack(">II", len(icc), len(curve))
    icc += curve + bytes(-len(curve) % 4)
    icc[:4] = struct.pack(">I", len(icc))
    return bytes(icc)
