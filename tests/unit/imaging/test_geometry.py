import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from himapp.imaging.geometry import Box, Placement, Window, place_with_multiple

sides = st.integers(1, 20_000)
edges = st.floats(-1e4, 1e4)
boxes = st.tuples(edges, edges, edges, edges).map(
    lambda e: Box(min(e[0], e[2]), min(e[1], e[3]), max(e[0], e[2]), max(e[1], e[3]))
)
placements = st.builds(place_with_multiple, sides, sides, st.sampled_from([320, 640, 1000]))


def values(box: Box) -> tuple[float, float, float, float]:
    return (box.x0, box.y0, box.x1, box.y1)


@given(placements)
def test_the_content_is_the_whole_photo(placement: Placement) -> None:
    rows, columns = placement.content_slices
    assert 0 <= rows.start < rows.stop <= placement.model_height
    assert 0 <= columns.start < columns.stop <= placement.model_width
    content = Box(columns.start, rows.start, columns.stop, rows.stop)
    photo = (0, 0, placement.photo_width, placement.photo_height)
    assert values(placement.to_photo(content)) == pytest.approx(photo)


@given(sides, sides)
def test_the_longest_side_fills_the_input_padded_to_a_multiple(height: int, width: int) -> None:
    padded = place_with_multiple(height, width, 640, multiple=32)
    assert max(padded.content_height, padded.content_width) == 640
    assert padded.model_height % 32 == padded.model_width % 32 == 0
    assert padded.model_height - padded.content_height < 32
    assert padded.model_width - padded.content_width < 32


def test_a_landscape_photo_is_not_stretched() -> None:
    placement = place_with_multiple(3000, 4000, 640)
    assert (placement.content_height, placement.content_width) == (480, 640)
    assert placement.scale_x == placement.scale_y == 0.16
    assert placement.to_photo(Box(16, 8, 32, 96)) == Box(100, 50, 200, 600)


@pytest.mark.parametrize("sizes", [(0, 1, 640), (1, 0, 640), (1, 1, 0), (1, 1, 640, 0)])
def test_sizes_below_one_are_refused(sizes: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        place_with_multiple(*sizes)


@given(boxes, st.integers(1, 500), st.integers(1, 500))
def test_a_clipped_box_lies_inside_its_picture(box: Box, height: int, width: int) -> None:
    clipped = box.clip(height, width)
    assert 0 <= clipped.x0 <= clipped.x1 <= width
    assert 0 <= clipped.y0 <= clipped.y1 <= height


@pytest.mark.parametrize("x0", [1, float("nan")])
def test_impossible_boxes_are_refused(x0: float) -> None:
    with pytest.raises(ValueError, match="x0 <= x1"):
        Box(x0, 0, 0, 1)


@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 9), st.integers(1, 4))
def test_a_window_grows_inside_its_picture_and_its_half_holds_it(
    height: int, width: int, margin: int, times: int
) -> None:
    shape = (height + 3, width + 2)
    window = Window(1, 1 + height, 2, 2 + width)
    grown = window.grow(margin, shape)
    picture = np.arange(shape[0] * shape[1]).reshape(shape)
    np.testing.assert_array_equal(
        picture[grown.slices][window.slices_in(grown)], picture[window.slices]
    )
    half = window.halve(times)
    assert half.top << times <= window.top < window.bottom <= half.bottom << times
    assert half.left << times <= window.left < window.right <= half.right << times


def test_a_window_without_room_does_not_leave_its_picture() -> None:
    assert Window(2, 4, 0, 5).grow(3, (5, 9)) == Window(0, 5, 0, 8)
