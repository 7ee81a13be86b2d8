import numpy as np
import pytest

from himapp.inference.preprocess import prepare_input


@pytest.mark.parametrize(
    ("shape", "expected", "padded"),
    [
        ((480, 640), (48, 64), (64, 64)),
        ((640, 480), (64, 48), (64, 64)),
        ((1, 1), (64, 64), (64, 64)),
        ((100, 20000), (1, 64), (32, 64)),
        ((20000, 100), (64, 1), (64, 32)),
        ((1, 3), (21, 64), (32, 64)),
    ],
)
def test_a_photo_keeps_its_shape_and_is_padded_to_multiples_of_32(
    shape: tuple[int, int], expected: tuple[int, int], padded: tuple[int, int]
) -> None:
    model_input = prepare_input(np.zeros((*shape, 3), np.uint8), 64)
    placement = model_input.placement
    assert (placement.content_height, placement.content_width) == expected
    assert model_input.image.shape == (3, *padded)


def test_the_padding_is_the_grey_that_the_network_was_trained_with() -> None:
    image = prepare_input(np.full((10, 20, 3), 255, np.uint8), 64).image
    assert image.dtype == np.float32
    np.testing.assert_array_equal(image[:, :32], 1)
    np.testing.assert_array_equal(
        prepare_input(np.zeros((8, 16, 3), np.uint8), 48).image[:, 24:], np.float32(114 / 255)
    )


def test_channels_stay_red_green_blue() -> None:
    pixels = np.empty((5, 5, 3), np.uint8)
    pixels[:] = (255, 51, 0)
    image = prepare_input(pixels, 32).image
    np.testing.assert_allclose(image[:, 0, 0], (1, 0.2, 0), atol=1e-6)


def test_8_and_16_bit_give_the_same_input() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (150, 200, 3), np.uint8)
    coarse = prepare_input(pixels, 64)
    fine = prepare_input(pixels.astype(np.uint16) * 257, 64)
    # Area means are rounded to the photo's depth: half a step of 8 bit.
    np.testing.assert_allclose(coarse.image, fine.image, atol=0.51 / 255)


def test_down_sampling_takes_every_pixel_into_account() -> None:
    pixels = np.zeros((320, 320, 3), np.uint8)
    pixels[::2] = 200
    np.testing.assert_allclose(prepare_input(pixels, 32).image, 100 / 255, atol=1e-6)


def test_the_content_is_the_photo_without_padding() -> None:
    model_input = prepare_input(np.full((10, 20, 3), 255, np.uint8), 40)
    assert model_input.content.shape == (20, 40, 3)
    np.testing.assert_array_equal(model_input.content, 1)
