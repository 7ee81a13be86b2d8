import hashlib
import io

import numpy as np
import pytest
from PIL import ImageCms

from himapp.imaging.color_profiles import color_model
from himapp.imaging.matrix_profiles import read_matrix_profile
from himapp.imaging.working_spaces import ColorSpace, grey_profile, profile_of

SPACES: tuple[ColorSpace, ...] = ("srgb", "display-p3", "adobe-rgb")

# CIE x and y of red, green and blue, as the standards print them.
POINTS = {
    "srgb": ((0.64, 0.33), (0.30, 0.60), (0.15, 0.06)),
    "display-p3": ((0.68, 0.32), (0.265, 0.69), (0.15, 0.06)),
    "adobe-rgb": ((0.64, 0.33), (0.21, 0.71), (0.15, 0.06)),
}
# Files hold these bytes: whoever changes them changes what the same export writes.
DIGESTS = {
    "srgb": "b85d18ce99442f74774c1d4e8e7044b6e30a3ab6456745538b9635882d39da12",
    "display-p3": "4eff25c0f5631853c31a4c7a0b8a114e9de3ec82477c731989ebed6fd70bed40",
    "adobe-rgb": "24c54cee9a7791c648535bfbf6f7a8ede5e74384a3c1a8730b22847abbd42cda",
}


def engine_profile(icc: bytes) -> ImageCms.core.CmsProfile:
    return ImageCms.ImageCmsProfile(io.BytesIO(icc)).profile


@pytest.mark.parametrize("space", SPACES)
def test_a_profile_is_the_same_bytes_every_time(space: ColorSpace) -> None:
    assert hashlib.sha256(profile_of(space)).hexdigest() == DIGESTS[space]


@pytest.mark.parametrize("space", SPACES)
def test_the_engine_reads_what_the_profile_says(space: ColorSpace) -> None:
    profile = engine_profile(profile_of(space))
    assert profile.is_matrix_shaper
    assert profile.version == pytest.approx(4.2)
    assert profile.xcolor_space.strip() == "RGB"
    assert color_model(profile_of(space)) == "RGB"
    assert len(profile_of(space)) < 600


@pytest.mark.parametrize("space", SPACES)
def test_white_is_that_of_the_connection_space(space: ColorSpace) -> None:
    profile = engine_profile(profile_of(space))
    assert profile.media_white_point[0] == pytest.approx((0.9642, 1.0, 0.8249), abs=2e-5)
    columns = read_matrix_profile(profile_of(space)).columns
    np.testing.assert_array_equal(columns.sum(axis=1) * 65536, (63190, 65536, 54061))


@pytest.mark.parametrize("space", SPACES)
def test_the_primaries_are_the_standards_once_the_adaptation_is_undone(space: ColorSpace) -> None:
    profile = engine_profile(profile_of(space))
    adaptation = np.array(profile.chromatic_adaptation[0])
    primaries = (profile.red_primary, profile.green_primary, profile.blue_primary)
    for primary, point in zip(primaries, POINTS[space], strict=True):
        xyz = np.linalg.solve(adaptation, primary[0])
        # Stored numbers have a step of 1/65536.
        np.testing.assert_allclose(xyz[:2] / xyz.sum(), point, atol=1e-4)


def test_the_curve_of_srgb_and_display_p3_is_srgbs() -> None:
    values = np.array([0, 0.02, 0.04045, 0.2, 0.5, 1])
    light = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    for space in SPACES[:2]:
        curve = read_matrix_profile(profile_of(space)).curves[0]
        # The parameters are stored in steps of 1/65536.
        np.testing.assert_allclose(curve[np.rint(values * 65535).astype(int)], light, atol=4e-5)


def test_the_curve_of_adobe_rgb_is_a_power_of_563_256ths() -> None:
    curve = read_matrix_profile(profile_of("adobe-rgb")).curves[1]
    np.testing.assert_allclose(curve, np.linspace(0, 1, 65536) ** (563 / 256), atol=1e-9)


@pytest.mark.parametrize("icc", [*map(profile_of, SPACES), grey_profile()])
def test_the_identity_is_the_digest_that_the_specification_asks_for(icc: bytes) -> None:
    plain = bytearray(icc)
    plain[44:48] = plain[64:68] = bytes(4)
    plain[84:100] = bytes(16)
    assert hashlib.md5(plain, usedforsecurity=False).digest() == icc[84:100]


def test_the_grey_profile_is_one() -> None:
    assert color_model(grey_profile()) == "GRAY"
    assert engine_profile(grey_profile()).xcolor_space.strip() == "GRAY"
