"""Documents as PSD files, read back with psd-tools."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest
import tifffile
from psd_tools import PSDImage

from himapp.document.adjustments import Adjustments
from himapp.document.background import (
    BlurBackground,
    ColourBackground,
    ImageBackground,
    TransparentBackground,
)
from himapp.document.document import Document
from himapp.document.edits import add_person_layers
from himapp.document.psd_export import LayeredOptions, layered_suffix, write_document_psd
from himapp.document.regions import frame_region
from himapp.document.render import render_level
from himapp.document.render_cache import RenderCache
from himapp.errors import Cancelled
from himapp.imaging.file_tags import FileTags
from himapp.imaging.image_files import write_png, write_tiff
from himapp.imaging.photo import Photo
from himapp.imaging.photo_io import read_photo

MakeDocument = Callable[..., Document]
CLEAR = TransparentBackground()


class Found:
    """A person as inference hands over."""

    def __init__(self, alpha: npt.NDArray[np.uint16], left: int, top: int) -> None:
        self.alpha, self.left, self.top, self.score = alpha, left, top, 1.0


def read_levels(values: Any, dtype: Any) -> npt.NDArray[Any]:
    """psd-tools gives float32 in 0..1, which holds 65,536 levels."""
    return np.asarray(np.rint(values * np.iinfo(dtype).max), dtype)


def with_layer(document: Document, index: int, **changes: Any) -> Document:
    layers = list(document.layers)
    layers[index] = replace(layers[index], **changes)
    return replace(document, layers=tuple(layers))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_each_person_is_a_masked_layer_over_the_photo(
    tmp_path: Path, make_document: MakeDocument, cache: RenderCache, dtype: Any
) -> None:
    document = make_document(dtype=dtype)
    document = with_layer(document, 0, name="Åsa 人 / 1", opacity=0.5)
    document = with_layer(document, 2, visible=False)
    path = tmp_path / "a.psd"
    write_document_psd(document, path, cache=cache)
    psd = PSDImage.open(path)
    assert psd.depth == 8 * np.dtype(dtype).itemsize
    names = [layer.name for layer in document.layers]
    assert [layer.name for layer in psd] == ["Background", *names]
    assert [layer.is_visible() for layer in psd] == [True, True, True, False]
    assert [layer.opacity for layer in psd] == [255, 128, 255, 255]
    np.testing.assert_array_equal(read_levels(psd[0].numpy(), dtype), document.photo.pixels)
    for layer, person in zip(list(psd)[1:], document.layers, strict=True):
        region = frame_region(document.photo.pixels.shape)._replace(
            x=layer.left, y=layer.top, width=layer.width, height=layer.height
        )
        assert region.intersect(person.visible_bounds) == person.visible_bounds
        assert region.width < person.visible_bounds.width + 20
        matte = person.matte.read_region(region).astype(np.int64)
        stored = read_levels(layer.numpy("mask"), dtype)[..., 0].astype(np.int64)
        scale = 65535 // np.iinfo(dtype).max
        assert np.abs(stored * scale - matte).max() <= scale // 2


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize(
    "background",
    [
        CLEAR,
        ColourBackground((10, 200, 30)),
        BlurBackground(8),
        ImageBackground(np.full((10, 40, 3), 99, np.uint8), "fit"),
    ],
)
def test_the_composite_is_what_the_renderer_shows(
    tmp_path: Path, make_document: MakeDocument, cache: RenderCache, background: Any, dtype: Any
) -> None:
    document = replace(make_document(dtype=dtype), background=background)
    document = with_layer(document, 1, adjustments=Adjustments(exposure_stops=1.0))
    path = tmp_path / "a.psd"
    write_document_psd(document, path, cache=cache)
    psd = PSDImage.open(path)
    wanted = render_level(document, document.frame, 0, cache=cache)
    stored = read_levels(psd.numpy(), dtype)
    alpha = wanted[..., 3].astype(np.float64) / np.iinfo(dtype).max
    if stored.shape[2] == 3:
        assert alpha.min() == 1
    else:
        np.testing.assert_array_equal(stored[..., 3], wanted[..., 3])
    # Where it is clear the file has the picture over white: colours are as exact as alpha is large.
    difference = np.abs(stored[..., :3].astype(np.int64) - wanted[..., :3].astype(np.int64))
    assert (difference * alpha[..., np.newaxis]).max() <= 1
    assert (psd[0].name == "Background") == (background is not CLEAR)


def test_an_unedited_photo_is_its_own_composite(
    tmp_path: Path, make_document: MakeDocument, cache: RenderCache
) -> None:
    document = make_document()
    write_document_psd(document, tmp_path / "a.psd", cache=cache)
    stored = np.asarray(PSDImage.open(tmp_path / "a.psd").topil())
    np.testing.assert_array_equal(stored, document.photo.pixels)


def test_edits_are_part_of_a_layers_pixels(
    tmp_path: Path, make_document: MakeDocument, cache: RenderCache
) -> None:
    plain = make_document()
    brighter = with_layer(plain, 2, adjustments=Adjustments(exposure_stops=1.0))
    means = []
    for document in (plain, brighter):
        write_document_psd(document, tmp_path / "a.psd", cache=cache)
        means.append(PSDImage.open(tmp_path / "a.psd")[3].numpy("color").mean())
    assert means[1] > 1.2 * means[0]


def test_colours_are_straight_clean_and_go_on_under_the_mask(
    tmp_path: Path, cache: RenderCache
) -> None:
    """A person of one colour at half alpha over blue: the formula of premultiplied files fails."""
    own, behind = np.array([200, 100, 50]), np.array([0, 0, 255])
    alpha = np.zeros((80, 80), np.uint16)
    alpha[20:60, 20:60] = 65535 * 128 // 255
    alpha[30:50, 30:50] = 65535
    share = alpha[..., np.newaxis] / 65535
    photo = Photo(np.rint(share * own + (1 - share) * behind).astype(np.uint8))
    document = add_person_layers(Document.for_photo(photo), [Found(alpha, 0, 0)])
    document = replace(document, background=CLEAR)
    write_document_psd(document, tmp_path / "a.psd", cache=cache)
    layer = PSDImage.open(tmp_path / "a.psd")[0]
    colours = read_levels(layer.numpy("color"), np.uint8).astype(int)
    mask = read_levels(layer.numpy("mask"), np.uint8)[..., 0]
    assert set(np.unique(mask)) == {0, 128, 255}
    # The estimate sees one edge only; it is far from the photo's own (100, 50, 153) all the same.
    assert np.abs(colours[mask == 128] - own).max() <= 12
    assert np.abs(colours[mask == 255] - own).max() == 0
    top, left = 20 - layer.top, 20 - layer.left
    ring = colours[top - 4 : top, left : left + 40]
    assert np.abs(ring - own).max() <= 12


@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_a_ramp_keeps_its_65536_levels_from_file_to_files(
    tmp_path: Path, cache: RenderCache, suffix: str
) -> None:
    ramp = np.arange(65536, dtype=np.uint16).reshape(256, 256)
    pixels = np.dstack([ramp, ramp[::-1], ramp.T])
    source = tmp_path / f"source{suffix}"
    done, encoded = cv2.imencode(suffix, pixels[..., ::-1])
    assert done
    source.write_bytes(encoded.tobytes())
    photo = read_photo(source)
    everything = Found(np.full((256, 256), 65535, np.uint16), 0, 0)
    document = add_person_layers(Document.for_photo(photo), [everything])
    rendered = render_level(document, document.frame, 0, cache=cache)
    write_png(tmp_path / "a.png", rendered)
    write_tiff(tmp_path / "a.tif", rendered)
    write_document_psd(document, tmp_path / "a.psd", cache=cache)
    png = cv2.imdecode(np.fromfile(tmp_path / "a.png", np.uint8), cv2.IMREAD_UNCHANGED)
    psd = PSDImage.open(tmp_path / "a.psd")
    layered = (psd.numpy(), psd[0].numpy(), psd[1].numpy("color"))
    pictures = [png[..., 2::-1], tifffile.imread(tmp_path / "a.tif")]
    for picture in (*pictures, *(read_levels(each, np.uint16) for each in layered)):
        np.testing.assert_array_equal(picture[..., :3], pixels)


def test_colours_and_depth_are_converted_for_layers_and_composite(
    tmp_path: Path, make_document: MakeDocument, cache: RenderCache
) -> None:
    document = make_document()
    options = LayeredOptions(
        FileTags(document.photo.icc, dpi=240), lambda rgb: 65535 - 257 * rgb.astype(np.uint16)
    )
    write_document_psd(document, tmp_path / "a.psd", options, cache=cache)
    psd = PSDImage.open(tmp_path / "a.psd")
    wanted = 65535 - 257 * document.photo.pixels.astype(np.uint16)
    assert psd.depth == 16
    for picture in (psd.numpy(), psd[0].numpy()):
        np.testing.assert_array_equal(read_levels(picture, np.uint16), wanted)
    matte = read_levels(psd[1].numpy("mask"), np.uint16)
    assert set(np.unique(matte % 257)) == {0}  # 8 bit, as the document renders


def test_the_photos_own_colours_stay_under_the_mask_when_asked_for(
    tmp_path: Path, make_document: MakeDocument, cache: RenderCache
) -> None:
    document = make_document()
    options = LayeredOptions(is_decontaminated=False)
    write_document_psd(document, tmp_path / "a.psd", options, cache=cache)
    layer = PSDImage.open(tmp_path / "a.psd")[3]
    stored = read_levels(layer.numpy("color"), np.uint8)
    rows, columns = slice(layer.top, layer.bottom), slice(layer.left, layer.right)
    np.testing.assert_array_equal(stored, document.photo.pixels[rows, columns])


def test_a_matte_without_a_trace_is_an_empty_layer(tmp_path: Path, cache: RenderCache) -> None:
    photo = Photo(np.full((30, 40, 3), 90, np.uint8))
    nobody = Found(np.zeros((30, 40), np.uint16), 0, 0)
    document = add_person_layers(Document.for_photo(photo), [nobody])
    write_document_psd(document, tmp_path / "a.psd", cache=cache)
    psd = PSDImage.open(tmp_path / "a.psd")
    assert [layer.name for layer in psd] == ["Background", "Person 1"]
    assert psd[1].bbox == (0, 0, 0, 0)


def test_progress_ends_at_its_total_and_a_cancelled_export_leaves_nothing(
    tmp_path: Path, make_document: MakeDocument, cache: RenderCache
) -> None:
    class Impatient:
        def __init__(self, patience: int) -> None:
            self.patience = patience

        def raise_if_cancelled(self) -> None:
            self.patience -= 1
            if self.patience < 0:
                raise Cancelled

    document = replace(make_document(), background=CLEAR)
    steps: list[tuple[int, int]] = []
    write_document_psd(
        document, tmp_path / "a.psd", cache=cache, progress=lambda *step: steps.append(step)
    )
    assert steps[-1][0] == steps[-1][1] == len(steps)
    for patience in (0, 3, 12):
        with pytest.raises(Cancelled):
            write_document_psd(
                document, tmp_path / "b.psd", cache=cache, cancel=Impatient(patience)
            )
    assert [path.name for path in tmp_path.iterdir()] == ["a.psd"]


@pytest.mark.parametrize(("width", "suffix"), [(30_000, ".psd"), (30_001, ".psb")])
def test_what_a_psd_cannot_hold_is_named_psb(width: int, suffix: str) -> None:
    document = Document.for_photo(Photo(np.zeros((2, width, 3), np.uint8)))
    assert layered_suffix(document, np.dtype(np.uint8)) == suffix
