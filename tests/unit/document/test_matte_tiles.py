import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from himapp.document.matte_tiles import TILE_PX, MatteTiles
from himapp.document.regions import EMPTY, Region

FRAME = (700, 900)


def noise(height, width, seed=0):
    return np.random.default_rng(seed).integers(0, 65536, (height, width), np.uint16)


@settings(max_examples=30, deadline=None)
@given(
    st.integers(0, 600), st.integers(0, 800), st.integers(1, 400), st.integers(1, 400), st.data()
)
def test_every_region_reads_what_was_put_in(top, left, height, width, data):
    height, width = min(height, FRAME[0] - top), min(width, FRAME[1] - left)
    alpha = noise(height, width)
    whole = np.zeros(FRAME, np.uint16)
    whole[top : top + height, left : left + width] = alpha
    matte = MatteTiles.from_array(alpha, FRAME, left=left, top=top)
    x, y = data.draw(st.integers(-50, 899)), data.draw(st.integers(-50, 699))
    region = Region(x, y, data.draw(st.integers(1, 500)), data.draw(st.integers(1, 500)))
    padded = np.pad(whole, ((50, 600), (50, 600)))
    expected = padded[region.shift(50, 50).slices_in(Region(0, 0, 9999, 9999))]
    np.testing.assert_array_equal(matte.read_region(region), expected)


@pytest.mark.parametrize("place", [Region(0, 0, 1, 1), Region(255, 256, 2, 300), EMPTY])
def test_bounds_are_tight(place):
    alpha = np.zeros(FRAME, np.uint16)
    alpha[place.y : place.bottom, place.x : place.right] = 7
    matte = MatteTiles.from_array(alpha, FRAME)
    assert matte.bounds == place
    assert matte.to_array().shape == place.shape


def test_faint_alpha_can_be_left_out_of_the_bounds():
    alpha = np.zeros(FRAME, np.uint16)
    alpha[10:690, 20:880] = 600  # below 1 %
    alpha[300:340, 200:530] = 1400
    matte = MatteTiles.from_array(alpha, FRAME)
    assert matte.find_bounds(0.02) == Region(200, 300, 330, 40)
    assert matte.find_bounds(0.0) == matte.bounds == Region(20, 10, 860, 680)
    assert matte.find_bounds(0.5) == matte.bounds


def test_empty_and_solid_tiles_take_no_memory():
    alpha = np.zeros(FRAME, np.uint16)
    alpha[:512, :512] = 65535
    matte = MatteTiles.from_array(alpha, FRAME)
    assert len(matte.tiles) == 4
    assert matte.memory_bytes == 0
    assert matte.read_region(Region(0, 0, 512, 512)).min() == 65535


def test_a_change_copies_only_the_tiles_it_touches():
    matte = MatteTiles.from_array(noise(*FRAME), FRAME)
    changed = matte.replace_region(noise(20, 20, seed=1), left=300, top=300)
    kept = [place for place in matte.tiles if matte.tiles[place] is changed.tiles[place]]
    assert set(matte.tiles) - set(kept) == {(1, 1)}
    assert matte.changed_region(changed) == Region(256, 256, TILE_PX, TILE_PX)
    np.testing.assert_array_equal(
        changed.read_region(Region(300, 300, 20, 20)), noise(20, 20, seed=1)
    )


def test_a_change_to_the_same_values_is_the_same_matte():
    matte = MatteTiles.from_array(noise(300, 300), FRAME, left=100, top=100)
    same = matte.read_region(Region(50, 50, 200, 200))
    assert matte.replace_region(same, left=50, top=50) is matte


def test_erasing_everything_leaves_no_tile():
    matte = MatteTiles.from_array(noise(300, 300), FRAME, left=100, top=100)
    erased = matte.replace_region(np.zeros(FRAME, np.uint16), left=0, top=0)
    assert not erased.tiles
    assert erased.bounds == EMPTY


def test_the_given_array_stays_the_callers():
    alpha = noise(10, 10)
    matte = MatteTiles.from_array(alpha, FRAME)
    before = matte.to_array()
    alpha[:] = 0
    np.testing.assert_array_equal(matte.to_array(), before)
    with pytest.raises(ValueError, match="read-only"):
        matte.tiles[0, 0][0, 0] = 1


@pytest.mark.parametrize(
    ("alpha", "left", "top"),
    [
        (np.zeros((10, 10), np.uint8), 0, 0),
        (np.zeros((10, 10, 1), np.uint16), 0, 0),
        (np.zeros((10, 10), np.uint16), -1, 0),
        (np.zeros((10, 10), np.uint16), 0, 691),
    ],
)
def test_a_crop_that_is_no_matte_of_the_photo_is_refused(alpha, left, top):
    with pytest.raises(ValueError, match=r"uint16|inside"):
        MatteTiles.from_array(alpha, FRAME, left=left, top=top)


def test_a_hundred_strokes_share_what_they_do_not_touch():
    matte = MatteTiles.from_array(noise(*FRAME), FRAME)
    states = [matte]
    for stroke in range(100):
        states.append(states[-1].replace_region(noise(9, 9, stroke), left=stroke, top=stroke))
    tiles = {id(tile): tile.nbytes for state in states for tile in state.own_tiles()}
    # The start and at most one tile per stroke.
    assert sum(tiles.values()) <= matte.memory_bytes + 100 * TILE_PX * TILE_PX * 2
