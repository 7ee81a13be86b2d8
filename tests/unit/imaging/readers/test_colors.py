import io
import struct
from pathlib import Path

import numpy as np
import pytest
from odd_formats import write_tiff
from odd_sources import draw, profile
from PIL import Image, ImageCms

from himapp.imaging.photo_io import read_photo
from himapp.imaging.readers.colors import choose_space, is_whole_profile, lay_over_white, make_rgb
from himapp.imaging.readers.decoded import DecodedFile
from himapp.imaging.working_spaces import grey_profile, profile_of

P3 = profile_of("display-p3")


def cmyk_profile(cyan: tuple[float, float, float]) -> bytes:
    """A printer whose inks mix by the light they leave; ``cyan`` is that ink's L*, a*, b*."""
    inks = np.array([cyan, (50.0, 70.0, 0.0), (90.0, -5.0, 80.0), (10.0, 0.0, 0.0)])
    nodes = []
    for corner in np.ndindex(2, 2, 2, 2):
        lab = np.array([95.0, 0.0, 0.0])
        for is_on, ink in zip(corner, inks, strict=True):
            lab = lab + is_on * (ink * [1, 1, 1] - [95, 0, 0]) * (1 if lab[0] > 20 else 0)
        lab[0] = max(lab[0], 5)
        nodes.append((lab * [655.35, 257, 257] + [0, 32896, 32896]).clip(0, 65535))
    # An lut16Type in version 2's encoding of Lab: L* 100 is 65280, a* and b* 256 per unit.
    table = np.array(nodes) * 65280 / 65535
    lut = (
        b"mft2"
        + bytes(4)
        + bytes([4, 3, 2, 0])
        + struct.pack(">9i", *(65536 * np.eye(3, dtype=int)).ravel())
    )
    lut += struct.pack(">HH", 2, 2) + struct.pack(">8H", *[0, 65535] * 4)
    lut += np.rint(table).astype(">u2").tobytes() + struct.pack(">6H", *[0, 65535] * 3)
    white = b"XYZ " + bytes(4) + struct.pack(">3i", 63190, 65536, 54061)
    tags = {b"A2B0": lut, b"wtpt": white}
    start, directory, body = 132 + 12 * len(tags), struct.pack(">I", len(tags)), b""
    for name, element in tags.items():
        directory += struct.pack(">4sII", name, start + len(body), len(element))
        body += element + bytes(-len(element) % 4)
    header = struct.pack(
        ">I4sI4s4s4s12s4s24sI3i", start + len(body), b"", 0x02400000, b"prtr", b"CMYK", b"Lab ",
        b"", b"acsp", b"", 0, 63190, 65536, 54061,
    )  # fmt: skip
    return header.ljust(128, b"\0") + directory + body


PLAIN, VIVID = cmyk_profile((60.0, -30.0, -30.0)), cmyk_profile((60.0, -95.0, 30.0))


@pytest.mark.parametrize(("icc", "space"), [(PLAIN, "srgb"), (VIVID, "display-p3")])
def test_cmyk_goes_through_its_profile_to_the_space_that_holds_it(icc: bytes, space: str) -> None:
    ink = draw(4) // 2
    ink[:, :, 0] = 255 if icc is VIVID else ink[:, :, 0]
    colors = make_rgb(DecodedFile(ink, "CMYK", "CMYK", icc=icc))
    assert colors.icc == (None if space == "srgb" else P3)
    opened = [ImageCms.ImageCmsProfile(io.BytesIO(each)) for each in (icc, profile_of(space))]
    way = ImageCms.buildTransform(
        *opened, "CMYK", "RGB", ImageCms.Intent.RELATIVE_COLORIMETRIC,
        ImageCms.Flags.BLACKPOINTCOMPENSATION,
    )  # fmt: skip
    expected = np.asarray(ImageCms.applyTransform(Image.fromarray(ink, "CMYK"), way))
    np.testing.assert_array_equal(colors.pixels, expected)


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_a_few_pixels_outside_srgb_are_clipped_and_many_are_not(kind: type) -> None:
    top = np.iinfo(kind).max
    pixels = np.full((100, 100, 3), top // 2, kind)
    pixels[0, :40] = (0, top, 0)
    kept, icc = choose_space(pixels, P3)
    assert icc is None
    assert kept.dtype == kind
    pixels[1, :40] = (0, top, 0)
    kept, icc = choose_space(pixels, P3)
    assert icc == P3
    np.testing.assert_array_equal(kept, pixels)


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_srgbs_own_corners_are_inside_srgb(kind: type) -> None:
    """Rounded to 8 bit in Display P3, they lie a little outside; that must not count."""
    from himapp.imaging.profile_conversion import convert_pixels

    corners = np.array(list(np.ndindex(2, 2, 2)), kind).reshape(1, 8, 3) * np.iinfo(kind).max
    wide = convert_pixels(corners, None, P3)
    assert choose_space(wide, P3)[1] is None


def test_vivid_lab_goes_to_display_p3(tmp_path: Path) -> None:
    lab = np.zeros((8, 8, 3), np.uint8)
    lab[:] = (150, 0x100 - 100, 60)
    path = tmp_path / "vivid.tif"
    path.write_bytes(write_tiff(lab, 8))
    photo = read_photo(path)
    assert photo.icc == P3
    assert photo.pixels[0, 0].argmax() == 1


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_grey_keeps_its_numbers_and_its_profile(kind: type) -> None:
    grey = draw(1, kind)[:, :, 0]
    colors = make_rgb(DecodedFile(grey, "GRAY", "L", icc=grey_profile()))
    assert (colors.is_grey, colors.icc, colors.grey_icc) == (True, None, grey_profile())
    for channel in range(3):
        np.testing.assert_array_equal(colors.pixels[:, :, channel], grey)


def test_grey_with_an_rgb_profile_has_none() -> None:
    colors = make_rgb(DecodedFile(draw(1)[:, :, 0], "GRAY", "L", icc=profile()))
    assert (colors.is_grey, colors.icc, colors.grey_icc) == (True, None, None)


def test_only_whole_profiles_count() -> None:
    assert is_whole_profile(profile(), "RGB")
    assert not is_whole_profile(profile(), "CMYK")
    assert not is_whole_profile(profile(damaged=True), "RGB")
    assert not is_whole_profile(b"junk", "RGB")
    assert not is_whole_profile(None, "RGB")
    assert is_whole_profile(PLAIN, "CMYK")


def test_alpha_of_another_depth_than_converted_colours_is_laid_under() -> None:
    """16-bit CMYK with a profile comes out at 8 bit; its alpha stays at 16."""
    alpha = np.array([[0, 65535, 32896]], np.uint16)
    decoded = DecodedFile(np.zeros((1, 3, 4), np.uint16), "CMYK", "CMYK", alpha)
    laid = lay_over_white(np.zeros((1, 3, 3), np.uint8), decoded)
    assert laid[0, :, 0].tolist() == [255, 0, 127]
