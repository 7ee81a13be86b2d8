import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from himapp.imaging.geometry import Box, Placement, place_in_square, place_with_multiple

sides = st.integers(1, 20_000)
edges = st.floats(-1e4, 1e4)
boxes = st.tuples(edges, edges, edges, edges).map(
    lambda e: Box(min(e[0], e[2]), min(e[1], e[3]), max(e[0], e[2]), max(e[1], e[3]))
)
placements = st.one_of(
    st.builds(place_in_square, sides, sides, st.sampled_from([320, 640, 1024])),
    st.builds(place_with_multiple, sides, sides, st.sampled_from([320, 640, 1000])),
)


def values(box: Box) -> tuple[float, float, float, float]:
    return (box.x0, box.y0, box.x1, box.y1)


@given(placements, boxes)
def test_a_box_survives_the_way_to_the_model_and_back(placement: Placement, box: Box) -> None:
    back = placement.to_photo(placement.to_model(box))
    # One input pixel may be tens of photo pixels, and doubles keep 15 digits of it.
    assert values(back) == pytest.approx(values(box), rel=1e-9, abs=1e-6)


@given(placements)
def test_the_whole_photo_is_the_content(placement: Placement) -> None:
    rows, columns = placement.content_slices
    photo = Box(0, 0, placement.photo_width, placement.photo_height)
    wanted = (columns.start, rows.start, columns.stop, rows.stop)
    assert values(placement.to_model(photo)) == pytest.approx(wanted)
    assert 0 <= rows.start < rows.stop <= placement.model_height
    assert 0 <= columns.start < columns.stop <= placement.model_width


@given(sides, sides)
def test_the_longest_side_fills_the_input(height: int, width: int) -> None:
    square = place_in_square(height, width, 640)
    assert max(square.content_height, square.content_width) == 640
    padded = place_with_multiple(height, width, 640, multiple=32)
    assert padded.model_height % 32 == padded.model_width % 32 == 0
    assert padded.model_height - padded.content_height < 32
    assert padded.model_width - padded.content_width < 32


def test_a_landscape_photo_is_centred_and_not_stretched() -> None:
    placement = place_in_square(3000, 4000, 640)
    assert (placement.content_height, placement.content_width) == (480, 640)
    assert (placement.top, placement.left) == (80, 0)
    assert placement.scale_x == placement.scale_y == 0.16
    assert placement.to_model(Box(0, 0, 100, 100)) == Box(0, 80, 16, 96)


@pytest.mark.parametrize("sizes", [(0, 1, 640), (1, 0, 640), (1, 1, 0)])
def test_sizes_below_one_are_refused(sizes: tuple[int, int, int]) -> None:
    for place in (place_in_square, place_with_multiple):
        with pytest.raises(ValueError, match="at least 1"):
            place(*sizes)


@given(boxes, st.integers(1, 500), st.integers(1, 500))
def test_a_clipped_box_indexes_its_picture(box: Box, height: int, width: int) -> None:
    clipped = box.clip(height, width)
    assert 0 <= clipped.x0 <= clipped.x1 <= width
    assert 0 <= clipped.y0 <= clipped.y1 <= height
    cut = np.empty((height, width))[clipped.to_slices()]
    whole = clipped.round_outwards()
    assert cut.shape == (whole.height, whole.width)


@given(boxes, boxes)
def test_the_overlap_of_boxes_is_a_share_and_has_no_order(one: Box, other: Box) -> None:
    share = one.intersection_over_union(other)
    assert 0 <= share <= 1 + 1e-9
    assert share == pytest.approx(other.intersection_over_union(one))
    if one.area > 0:
        assert one.intersection_over_union(one) == pytest.approx(1)


def test_half_overlapping_boxes_share_a_third() -> None:
    assert Box(0, 0, 2, 2).intersection_over_union(Box(1, 0, 3, 2)) == pytest.approx(1 / 3)


def test_a_box_grows_and_shrinks_to_its_centre() -> None:
    assert Box(2, 2, 4, 8).expand(1) == Box(1, 1, 5, 9)
    assert Box(2, 2, 4, 8).expand(-2) == Box(3, 4, 3, 6)


def test_impossible_boxes_are_refused() -> None:
    with pytest.raises(ValueError, match="x0 <= x1"):
        Box(1, 0, 0, 1)
    with pytest.raises(ValueError, match="x0 <= x1"):
        Box(float("nan"), 0, 0, 1)
    with pytest.raises(ValueError, match="clip a box"):
        Box(-1, 0, 1, 1).to_slices()
