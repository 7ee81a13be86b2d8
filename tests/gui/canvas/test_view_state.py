"""Zoom and place are plain numbers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from himapp.document.regions import Region
from himapp.gui.canvas.view_state import MAX_ZOOM, ViewState

SIDES = st.integers(1, 8000)
VIEWPORTS = st.tuples(st.integers(1, 4000), st.integers(1, 4000))
ZOOMS = st.floats(0.001, 100.0)
SHARES = st.tuples(st.floats(0.0, 1.0), st.floats(0.0, 1.0))


def view(
    width: int = 6000, height: int = 4000, viewport: tuple[int, int] = (1000, 800)
) -> ViewState:
    return ViewState.for_photo((width, height), viewport)


def test_a_large_photo_is_fitted_into_the_viewport() -> None:
    fitted = view(viewport=(1200, 900))
    assert fitted.zoom == pytest.approx(0.2)
    assert fitted.is_fitted
    assert fitted.visible_region() == Region(0, 0, 6000, 4000)
    assert fitted.origin == (0, 50)


def test_a_small_photo_is_not_enlarged_to_fit() -> None:
    assert view(300, 200).zoom == 1.0


def test_fitting_leaves_the_margin_free() -> None:
    fitted = ViewState.for_photo((1000, 1000), (216, 500), margin=8)
    assert fitted.zoom == pytest.approx(0.2)


@given(SIDES, SIDES, VIEWPORTS, ZOOMS, SHARES)
def test_photo_and_view_points_are_inverse(
    width: int, height: int, viewport: tuple[int, int], zoom: float, share: tuple[float, float]
) -> None:
    state = ViewState.for_photo((width, height), viewport).zoom_to(zoom)
    x, y = share[0] * width, share[1] * height
    back = state.to_photo(*state.to_view(x, y))
    assert back == pytest.approx((x, y), abs=1e-6 * max(width, height))


@given(ZOOMS, SHARES)
def test_zooming_within_the_photo_keeps_the_point_under_the_pointer(
    zoom: float, share: tuple[float, float]
) -> None:
    start = view().zoom_to(1.0)
    anchor = share[0] * 1000, share[1] * 800
    zoomed = start.zoom_to(max(zoom, 1.0), anchor)
    before, after = start.to_photo(*anchor), zoomed.to_photo(*anchor)
    # The photo's corner lies on a whole view pixel, which is worth 1 / zoom photo pixels.
    assert after == pytest.approx(before, abs=0.51 / zoomed.zoom + 0.51)


@given(SIDES, SIDES, VIEWPORTS, ZOOMS, st.floats(-1e5, 1e5), st.floats(-1e5, 1e5))
def test_the_photo_stays_in_sight(
    width: int, height: int, viewport: tuple[int, int], zoom: float, dx: float, dy: float
) -> None:
    moved = ViewState.for_photo((width, height), viewport).zoom_to(zoom).move(dx, dy)
    assert not moved.visible_region().is_empty
    assert moved.min_zoom <= moved.zoom <= MAX_ZOOM


def test_a_photo_smaller_than_the_viewport_stays_in_its_middle() -> None:
    moved = view(300, 200).move(77, -55)
    assert moved.centre == (150, 100)
    assert moved.is_fitted


def test_panning_stops_at_the_photos_edge() -> None:
    moved = view().zoom_to(1.0).move(1e6, 1e6)
    assert moved.visible_region() == Region(0, 0, 1000, 800)


def test_a_fitted_view_stays_fitted_when_the_viewport_changes() -> None:
    resized = view().resize((600, 4000), 0)
    assert resized.zoom == pytest.approx(0.1)
    assert resized.is_fitted


def test_another_view_keeps_its_zoom_and_middle_when_the_viewport_changes() -> None:
    start = view().zoom_to(1.0).move(-100, 50)
    resized = start.resize((500, 400), 0)
    assert (resized.zoom, resized.centre) == (start.zoom, start.centre)


@pytest.mark.parametrize(
    ("zoom", "level"), [(4.0, 0), (1.0, 0), (0.6, 0), (0.5, 1), (0.3, 1), (0.25, 2), (0.06, 4)]
)
def test_the_level_has_nearly_as_many_pixels_as_are_shown(zoom: float, level: int) -> None:
    assert view(20000, 20000).zoom_to(zoom).level == level


def test_pixels_are_squares_from_200_per_cent_on() -> None:
    assert not view().zoom_to(1.99).is_pixelated
    assert view().zoom_to(2.0).is_pixelated


def test_the_visible_part_of_a_level_has_a_pixel_around_it_but_not_beyond_the_photo() -> None:
    state = view().zoom_to(0.5)
    middle = state.visible_region()
    assert middle == Region(2000, 1200, 2000, 1600)
    assert state.visible_at_level(1) == Region(999, 599, 1002, 802)
    assert view().visible_at_level(3) == Region(0, 0, 750, 500)
