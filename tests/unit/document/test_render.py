import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from himapp.document import edits
from himapp.document.adjustments import Adjustments
from himapp.document.background import (
    BlurBackground,
    ColourBackground,
    ImageBackground,
    TransparentBackground,
)
from himapp.document.document import Document
from himapp.document.edits import add_person_layers
from himapp.document.regions import Region, frame_region
from himapp.document.render import pick_level, render, render_level, render_person
from himapp.document.render_cache import RenderCache
from himapp.imaging.photo import Photo

BRIGHT = Adjustments(exposure_stops=1, saturation=-0.5)


class Person:
    """What inference hands over."""

    def __init__(self, alpha, left=0, top=0):
        self.alpha, self.left, self.top, self.score = alpha, left, top, 1.0


def full(document, cache, level=0):
    return render_level(
        document, frame_region(document.photo.pixels.shape, level), level, cache=cache
    )


def alpha_of(document, layer_id):
    return document.find_layer(layer_id).matte.read_region(document.frame) / 65535


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("level", [0, 1, 2])
def test_people_in_place_without_edits_are_the_photo_bit_for_bit(
    make_document, cache, dtype, level
):
    document = make_document(dtype=dtype)
    picture = full(document, cache, level)
    plain = full(Document.for_photo(document.photo), cache, level)
    np.testing.assert_array_equal(picture, plain)
    assert picture.dtype == dtype
    assert picture[..., 3].min() == np.iinfo(dtype).max
    if level == 0:
        np.testing.assert_array_equal(picture[..., :3], document.photo.pixels)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_an_edit_over_the_photo_goes_through_the_matte_and_the_opacity(make_document, cache, dtype):
    document = edits.set_adjustments(make_document(dtype=dtype), 1, BRIGHT)
    document = edits.set_opacity(document, 1, 0.5)
    top = np.iinfo(dtype).max
    photo = document.photo.pixels / top
    luma = photo @ [0.2126, 0.7152, 0.0722]
    edited = luma[..., None] + 0.5 * (photo - luma[..., None])
    edited = np.clip(edited * 2 ** (1 / 2.2), 0, 1)
    weight = alpha_of(document, 1)[..., None] * 0.5
    expected = (photo + weight * (edited - photo)) * top
    # Rounding, and float32 against float64.
    np.testing.assert_allclose(full(document, cache)[..., :3], expected, atol=0.51)
    outside = weight[..., 0] == 0
    np.testing.assert_array_equal(
        full(document, cache)[outside][:, :3], document.photo.pixels[outside]
    )


def test_eye_off_over_the_photo_turns_the_edits_off(make_document, cache):
    document = edits.set_adjustments(make_document(), 1, BRIGHT)
    hidden = edits.set_visible(document, 1, visible=False)
    np.testing.assert_array_equal(full(hidden, cache)[..., :3], document.photo.pixels)


def test_eye_off_over_another_background_takes_the_person_away(make_document, cache):
    document = edits.set_background(make_document(), ColourBackground((10, 200, 30)))
    hidden = edits.set_visible(document, 3, visible=False)
    inside = alpha_of(document, 3) > 0
    assert np.all(full(hidden, cache)[inside] == (10, 200, 30, 255))
    assert not np.all(full(document, cache)[inside] == (10, 200, 30, 255))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_person_keeps_their_pixels_over_another_background(make_document, cache, dtype):
    document = edits.set_background(make_document(dtype=dtype), ColourBackground((0, 0, 255)))
    picture = full(document, cache)
    inside = alpha_of(document, 3) == 1
    np.testing.assert_array_equal(picture[inside][:, :3], document.photo.pixels[inside])
    top = np.iinfo(dtype).max
    nobody = sum(alpha_of(document, i) for i in (1, 2, 3)) == 0
    assert np.all(picture[nobody] == (0, 0, top, top))


def make_neighbours():
    """Two people of one grey that share a soft edge: their alphas add up to 1."""
    ramp = np.rint(np.linspace(65535, 0, 60)).astype(np.uint16)
    left = np.concatenate([np.full(20, 65535, np.uint16), ramp])
    left = np.repeat(left[None], 40, axis=0)
    right = 65535 - left
    right = np.pad(right, ((0, 0), (0, 20)), constant_values=65535)
    photo = Photo(np.full((40, 100, 3), 120, np.uint8))
    return add_person_layers(Document.for_photo(photo), [Person(left), Person(right)])


def test_people_side_by_side_leave_no_seam(cache):
    document = edits.set_background(make_neighbours(), ColourBackground((255, 0, 0)))
    # Plain over would let a quarter of the red through in the middle.
    assert np.all(full(document, cache) == (120, 120, 120, 255))
    clear = edits.set_background(document, TransparentBackground())
    assert np.all(full(clear, cache) == (120, 120, 120, 255))


def test_where_alphas_exceed_one_the_upper_person_wins(cache):
    solid = np.full((20, 20), 65535, np.uint16)
    photo = Photo(np.full((20, 20, 3), 100, np.uint8))
    document = add_person_layers(Document.for_photo(photo), [Person(solid), Person(solid)])
    document = edits.set_background(document, TransparentBackground())
    document = edits.set_adjustment(document, 2, "exposure_stops", 1)
    upper = full(document, cache)
    assert np.all(upper == full(edits.remove_layer(document, 1), cache))
    lower = full(edits.reorder(document, 2, 0), cache)
    assert np.all(lower == (100, 100, 100, 255))


def make_composite(colour, behind):
    """A photo of one colour with a known soft matte over another."""
    ramp = np.clip(np.linspace(-0.5, 1.5, 80), 0, 1)
    alpha = np.repeat(ramp[None], 80, axis=0)
    picture = alpha[..., None] * colour + (1 - alpha[..., None]) * behind
    photo = Photo(np.rint(picture).astype(np.uint8))
    matte = np.rint(alpha * 65535).astype(np.uint16)
    return add_person_layers(Document.for_photo(photo), [Person(matte)]), alpha


def test_a_cut_out_has_the_persons_own_colours_and_straight_alpha(cache):
    colour, behind = np.array([200.0, 60, 40]), np.array([20.0, 180, 60])
    document, alpha = make_composite(colour, behind)
    cutout = render_person(document, 1, document.frame, 0, cache=cache)
    np.testing.assert_allclose(cutout[..., 3], alpha * 255, atol=0.51)
    soft = alpha > 0.1
    # The photo itself is off by up to 126 there, premultiplied colours by up to 180.
    assert np.abs(cutout[soft][:, :3] - colour).max() <= 12
    assert np.all(cutout[:, :8] == 0)


@pytest.mark.parametrize("level", [0, 1])
@pytest.mark.parametrize("edge", [1020, 1022, 1024, 1026, 1028])
@pytest.mark.parametrize("adjusted", [Adjustments(), Adjustments(blur_px=2)])
def test_a_cut_outs_colours_go_on_across_the_tiles_of_the_estimate(cache, level, edge, adjusted):
    edge, scale = edge << level, 1 << level
    pixels = np.zeros((64, 1100 * scale, 3), np.uint8)
    pixels[..., 1] = 255
    pixels[:, edge - 200 : edge] = 255, 0, 0
    person = Person(np.full((64, 200), 65535, np.uint16), edge - 200)
    document = add_person_layers(Document.for_photo(Photo(pixels)), [person])
    document = edits.set_adjustments(document, 1, adjusted)
    cutout = render_person(document, 1, frame_region(pixels.shape, level), level, cache=cache)
    beside = cutout[:, edge // scale :]
    # A person's blur and the estimate are one step of 8 bit off at most.
    np.testing.assert_allclose(
        beside[:, :4], np.broadcast_to((255, 0, 0, 0), (64 // scale, 4, 4)), atol=1
    )
    assert not beside[:, 4:].any()


def test_a_transparent_background_is_straight_and_black_where_clear(make_document, cache):
    document = edits.set_background(make_document(), TransparentBackground())
    picture = full(document, cache)
    alpha = np.minimum(sum(alpha_of(document, i) for i in (1, 2, 3)), 1)
    np.testing.assert_allclose(picture[..., 3], alpha * 255, atol=0.51)
    assert np.all(picture[picture[..., 3] == 0] == 0)


def test_a_cut_out_counts_edits_but_neither_eye_nor_opacity(make_document, cache):
    document = make_document()
    plain = render_person(document, 2, document.frame, 0, cache=cache)
    faint = edits.set_opacity(edits.set_visible(document, 2, visible=False), 2, 0.3)
    np.testing.assert_array_equal(render_person(faint, 2, faint.frame, 0, cache=cache), plain)
    bright = edits.set_adjustments(document, 2, BRIGHT)
    assert np.any(render_person(bright, 2, bright.frame, 0, cache=cache) != plain)


backgrounds = st.sampled_from(
    [
        None,
        TransparentBackground(),
        ColourBackground((200, 100, 50)),
        ImageBackground(np.arange(50 * 90 * 3, dtype=np.uint16).reshape(50, 90, 3), "fit"),
        ImageBackground(np.arange(50 * 90 * 3, dtype=np.uint16).reshape(50, 90, 3), "fill", (0, 1)),
        BlurBackground(3.0),
        BlurBackground(17.0),
    ]
)
adjustments = st.sampled_from([Adjustments(), BRIGHT, Adjustments(blur_px=3), Adjustments(2, 1, 9)])


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(background=backgrounds, adjusted=adjustments, level=st.integers(0, 2), data=st.data())
def test_regions_agree_with_the_whole(make_document, background, adjusted, level, data):
    document = edits.set_adjustments(make_document(601, 560), 1, adjusted)
    if background is not None:
        document = edits.set_background(document, background)
    whole = full(document, RenderCache(), level)
    height, width = whole.shape[:2]
    x, y = data.draw(st.integers(0, width - 1)), data.draw(st.integers(0, height - 1))
    size = data.draw(st.integers(1, 300)), data.draw(st.integers(1, 300))
    region = Region(x, y, *size).intersect(frame_region(whole.shape))
    part = render_level(document, region, level, cache=RenderCache())
    expected = whole[region.slices_in(frame_region(whole.shape))]
    # 1 code value: a sum in another order may round the other way.
    np.testing.assert_allclose(part.astype(int), expected.astype(int), atol=1)


def test_eight_and_sixteen_bit_give_the_same_picture(make_document, cache):
    eight = make_document()
    sixteen = add_person_layers(
        Document.for_photo(Photo(eight.photo.pixels.astype(np.uint16) * 257)),
        [Person(layer.matte.to_array(), *layer.bounds[:2]) for layer in eight.layers],
    )
    pictures = []
    for document in (eight, sixteen):
        edited = edits.set_adjustments(document, 1, BRIGHT)
        edited = edits.set_background(edited, ColourBackground((9, 99, 199)))
        pictures.append(full(edited, cache).astype(float))
    difference = np.abs(pictures[0] - pictures[1] / 257)
    # Estimated colours are as deep as the photo's own, and the edit makes steps larger.
    assert difference.max() < 1.1
    assert (difference <= 0.51).mean() > 0.99


def test_a_small_picture_is_near_the_shrunk_big_one(make_document, cache):
    document = edits.set_background(make_document(), ColourBackground((90, 90, 90)))
    document = edits.set_adjustments(document, 2, Adjustments(saturation=0.5, blur_px=8))
    small = full(document, cache, 2)[..., :3].astype(float)
    big = full(document, cache)[..., :3].astype(float).reshape(75, 4, 100, 4, 3).mean((1, 3))
    # Foreground colours and clipping differ a little by level; a shift would cost far more.
    assert np.abs(small - big).mean() < 1.0


@pytest.mark.parametrize(("scale", "level"), [(1, 0), (0.51, 0), (0.5, 1), (0.26, 1), (0.25, 2)])
def test_a_scale_reads_the_next_finer_level(scale, level):
    assert pick_level(scale) == level


@pytest.mark.parametrize("scale", [0, -1, 1.5])
def test_a_scale_out_of_range_is_refused(scale):
    with pytest.raises(ValueError, match="scale"):
        pick_level(scale)


def test_any_scale_has_its_size_and_colours(make_document, cache):
    document = edits.set_background(make_document(), ColourBackground((10, 20, 30)))
    third = render(document, (0, 0, 400, 300), 1 / 3, cache=cache)
    assert third.shape == (100, 133, 4)
    assert np.all(third[0, 0] == (10, 20, 30, 255))
    half = render(document, (100, 60, 200, 100), 0.5, cache=cache)
    np.testing.assert_array_equal(half, full(document, cache, 1)[30:80, 50:150])


def test_a_region_is_limited_to_the_photo(make_document, cache):
    document = make_document()
    assert render(document, (390, 290, 50, 50), cache=cache).shape == (10, 10, 4)
    assert render(document, (500, 0, 10, 10), cache=cache).size == 0


def test_image_backgrounds_fill_fit_and_stretch(cache):
    photo = Photo(np.zeros((100, 200, 3), np.uint8))
    pixels = np.zeros((50, 50, 3), np.uint8)
    pixels[:25] = 255
    document = Document.for_photo(photo)

    def show(fit, position):
        return full(edits.set_background(document, ImageBackground(pixels, fit, position)), cache)

    assert show("fill", (0.5, 0.0))[:96].min() == 255
    assert show("fill", (0.5, 1.0))[4:, :, :3].max() == 0
    fitted = show("fit", (1.0, 0.5))
    assert np.all(fitted[:, :100] == 0)
    assert np.all(fitted[:48, 102:] == 255)
    stretched = show("stretch", (0.5, 0.5))
    assert np.all(stretched[:48] == 255)
    assert np.all(stretched[52:, :, :3] == 0)
