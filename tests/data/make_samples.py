"""Compose the sample photos in resources/samples.

People P007-P010 of the package ``openpeople`` (MIT) are lifted from their own photos with mattes
made once for them, and set into the park of P007's photo: same daylight, so that little has to be
matched. Run it only to change the samples; the composed files are in the repository.

    python tests/data/make_samples.py --openpeople CURATED --mattes CUTOUTS --out resources/samples

``CURATED`` is the folder ``openpeople/data/curated`` of the package, ``CUTOUTS`` holds
``P007_amateur_posture.webp`` and so on: straight RGBA, cropped to the person, of the photo scaled
to 1536 px height.
"""

import argparse
import json
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

Floats = npt.NDArray[np.float32]

MATTE_PHOTO_HEIGHT = 1536
"""Height in px to which a photo was scaled before its matte was made."""

STRAY_PARTS = {
    "P009": [(221, 850), (214, 946), (209, 1040), (252, 1040), (277, 942), (259, 896), (243, 850)]
}
"""Polygons in cut-out pixels of what the matte took for the person (a flower pot)."""


@dataclass(frozen=True, slots=True)
class Cutout:
    """A person lifted from a photo.

    Attributes:
        colour: Foreground colours, float32 ``[h, w, 3]``, 0..1, straight.
        alpha: float32 ``[h, w]``, 0..1.
        left, top: Place in the photo that the person comes from, px.
    """

    colour: Floats
    alpha: Floats
    left: int
    top: int


@dataclass(frozen=True, slots=True)
class Placement:
    """Where and how a person stands in the composed photo.

    Attributes:
        person: Name in openpeople, such as "P007".
        height_px: Height of the whole person, also where the frame cuts it.
        centre_px: Centre column of the cut-out.
        gain: Factor on R, G, B that matches the light.
    """

    person: str
    height_px: int
    centre_px: int
    gain: tuple[float, float, float] = (1.0, 1.0, 1.0)


GROUP = (
    Placement("P009", 1950, 980, (0.97, 0.96, 0.92)),
    Placement("P010", 1890, 2015, (1.10, 1.08, 1.02)),
    Placement("P008", 2040, 1482, (0.97, 0.97, 0.96)),
    Placement("P007", 2060, 450),
)
"""The group of four, from the back to the front."""
GROUND_PX = 2270
"""Row on which the group stands: below the lower edge of the frame."""
FRIENDS_SHOES = ((228, 2372), (468, 2372))
"""Centre column and row of the soles of P010 in the pair."""


def read_image(path: Path, mode: str) -> Floats:
    """Read an image as float32 ``[H, W, C]`` in 0..1."""
    with Image.open(path) as image:
        return np.asarray(image.convert(mode), dtype=np.float32) / 255


def find_in_photo(photo: Floats, cutout: Floats) -> tuple[int, int]:
    """Find the place (left, top) of a cut-out in the scaled photo it was cropped from."""
    solid = np.repeat((cutout[..., 3:] > 0.98).astype(np.float32), 3, axis=2)
    mismatch = cv2.matchTemplate(
        photo, np.ascontiguousarray(cutout[..., :3]), cv2.TM_SQDIFF, mask=solid
    )
    left, top = cv2.minMaxLoc(mismatch)[2]
    return left, top


def lift_person(photo: Floats, matte: Floats, person: str) -> Cutout:
    """Take a person out of the full-size photo with the matte made at a smaller size.

    Solid pixels keep the photo's own detail; in the soft band the colours are the foreground
    colours of the cut-out.
    """
    scale = photo.shape[0] / MATTE_PHOTO_HEIGHT
    small = cv2.resize(photo, None, fx=1 / scale, fy=1 / scale, interpolation=cv2.INTER_AREA)
    left, top = (round(place * scale) for place in find_in_photo(small, matte))
    if person in STRAY_PARTS:
        matte = erase_polygon(matte, STRAY_PARTS[person])
    large = cv2.resize(matte, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC).clip(0, 1)
    height, width = large.shape[:2]
    large = large[: photo.shape[0] - top, : photo.shape[1] - left]
    own = photo[top : top + height, left : left + width]
    alpha = ((large[..., 3] - 0.06) / 0.9).clip(0, 1)
    solid = ((alpha - 0.9) / 0.1).clip(0, 1)[..., None]
    return Cutout(own * solid + large[..., :3] * (1 - solid), alpha, left, top)


def erase_polygon(matte: Floats, polygon: list[tuple[int, int]]) -> Floats:
    """Give a copy of the cut-out that is transparent inside the polygon, with a soft edge."""
    keep = np.ones(matte.shape[:2], np.float32)
    cv2.fillPoly(keep, [np.array(polygon, np.int32)], 0.0)
    erased = matte.copy()
    erased[..., 3] *= cv2.GaussianBlur(keep, (0, 0), 0.8)
    return erased


def resize_cutout(cutout: Cutout, height_px: int) -> Cutout:
    """Scale a cut-out to a height; colours are weighted by alpha so that no edge bleeds."""
    scale = height_px / cutout.alpha.shape[0]
    size = (round(cutout.alpha.shape[1] * scale), height_px)
    alpha = cv2.resize(cutout.alpha, size, interpolation=cv2.INTER_AREA)
    premultiplied = cv2.resize(
        cutout.colour * cutout.alpha[..., None], size, interpolation=cv2.INTER_AREA
    )
    colour = premultiplied / np.maximum(alpha, 1e-3)[..., None]
    return Cutout(colour.clip(0, 1), alpha, 0, 0)


def place_alpha(cutout: Cutout, left: int, top: int, shape: tuple[int, int]) -> Cutout:
    """Give the cut-out on a canvas of ``shape``; what lies outside is lost."""
    move = np.array([[1, 0, left], [0, 1, top]], np.float32)
    size = (shape[1], shape[0])
    return Cutout(
        cv2.warpAffine(cutout.colour, move, size),
        cv2.warpAffine(cutout.alpha, move, size),
        left,
        top,
    )


def blend(canvas: Floats, colour: Floats, alpha: Floats) -> Floats:
    """Composite I = αF + (1 - α)B; alpha ``[H, W]``."""
    return canvas + alpha[..., None] * (colour - canvas)


def cast_shade(canvas: Floats, alpha: Floats, *, strength: float, radius_px: float) -> Floats:
    """Darken what stands close behind a person a little, as real light does."""
    shade = cv2.GaussianBlur(alpha, (0, 0), radius_px)
    return canvas * (1 - strength * shade[..., None])


def remove_person(photo: Floats, cutout: Cutout) -> Floats:
    """Fill a person's place from the park on both sides; good enough for a blurred background."""
    hole = np.zeros(photo.shape[:2], np.float32)
    height, width = cutout.alpha.shape
    hole[cutout.top : cutout.top + height, cutout.left : cutout.left + width] = cutout.alpha
    grown = cv2.dilate((hole > 0.05).astype(np.float32), np.ones((61, 61), np.uint8))
    soft = cv2.GaussianBlur(grown, (0, 0), 14)
    centre = cutout.left + width // 2
    from_left = np.roll(photo, centre - 390, axis=1)
    from_right = np.roll(photo, centre - photo.shape[1] + 10, axis=1)
    columns = np.arange(photo.shape[1], dtype=np.float32)
    side = (0.5 + (columns - centre) / 160).clip(0, 1)[None, :, None]
    return blend(photo, from_left * (1 - side) + from_right * side, soft)


def make_backdrop(photo: Floats, cutout: Cutout, size: tuple[int, int]) -> Floats:
    """Give the park without its person, out of focus, as ``size`` (height, width) asks.

    The rows are chosen so that the horizon crosses the people where it crosses P007 in its own
    photo.
    """
    height, width = size
    rows = round(photo.shape[1] * height / width)
    top = 424
    park = remove_person(photo, cutout)[top : top + rows]
    park = cv2.resize(park, (width, height), interpolation=cv2.INTER_CUBIC)
    return cv2.GaussianBlur(park, (0, 0), 7).clip(0, 1)


def compose_group(cutouts: dict[str, Cutout], photo: Floats) -> tuple[Floats, dict[str, Floats]]:
    """Compose the group; returns the picture and each person's visible alpha."""
    canvas = make_backdrop(photo, cutouts["P007"], (1600, 2400))
    visible: dict[str, Floats] = {}
    for place in GROUP:
        person = resize_cutout(cutouts[place.person], place.height_px)
        left = place.centre_px - person.alpha.shape[1] // 2
        person = place_alpha(person, left, GROUND_PX - place.height_px, canvas.shape[:2])
        colour = (person.colour * np.array(place.gain, np.float32)).clip(0, 1)
        canvas = cast_shade(canvas, person.alpha, strength=0.22, radius_px=22)
        canvas = blend(canvas, colour, person.alpha)
        visible = {name: alpha * (1 - person.alpha) for name, alpha in visible.items()}
        visible[place.person] = person.alpha
    return canvas, visible


def compose_pair(cutouts: dict[str, Cutout], photo: Floats) -> tuple[Floats, dict[str, Floats]]:
    """Set P010 on the grass beside P007, who stays where the photo was taken."""
    size = photo.shape[:2]
    friend = resize_cutout(cutouts["P010"], 2010)
    friend = place_alpha(friend, 45, 2395 - 2010, size)
    own = cutouts["P007"]
    front = place_alpha(own, own.left, own.top, size)
    canvas = photo
    for centre, row in FRIENDS_SHOES:
        canvas = cast_contact_shadow(canvas, centre, row)
    canvas = cast_shade(canvas, friend.alpha, strength=0.15, radius_px=18)
    gain = np.array((1.04, 1.03, 0.98), np.float32)
    canvas = blend(canvas, (friend.colour * gain).clip(0, 1), friend.alpha)
    canvas = blend(canvas, photo, front.alpha)
    return canvas, {"P010": friend.alpha * (1 - front.alpha), "P007": front.alpha}


def cast_contact_shadow(canvas: Floats, centre: int, row: int) -> Floats:
    """Draw the shadow under one shoe: dark where it touches the grass, wide and faint around."""
    for half, thick, radius, strength in ((150, 38, 34, 0.45), (88, 16, 9, 0.75)):
        shade = np.zeros(canvas.shape[:2], np.float32)
        cv2.ellipse(shade, (centre, row), (half, thick), 0, 0, 360, 1.0, -1)
        canvas = canvas * (1 - strength * cv2.GaussianBlur(shade, (0, 0), radius)[..., None])
    return canvas


def add_grain(canvas: Floats, sigma: float) -> Floats:
    """Add one fine grain over people and background, so that they are one photo."""
    noise = np.random.default_rng(7).normal(0, sigma, canvas.shape[:2]).astype(np.float32)
    return (canvas + noise[..., None]).clip(0, 1)


def save_photo(path: Path, canvas: Floats, *, quality: int = 92) -> None:
    """Write a JPEG."""
    pixels = np.rint(canvas * 255).astype(np.uint8)
    Image.fromarray(pixels).save(path, quality=quality, optimize=True)


def bounding_boxes(visible: dict[str, Floats]) -> list[list[int]]:
    """Give each person's box (x0, y0, x1, y1) of alpha >= .5 in px, left to right."""
    boxes = []
    for alpha in visible.values():
        rows, columns = np.nonzero(alpha >= 0.5)
        corner = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
        boxes.append([int(value) for value in corner])
    return sorted(boxes, key=lambda box: box[0] + box[2])


def main() -> None:
    """Compose the samples and write where their people stand."""
    parser = argparse.ArgumentParser(description="Compose the sample photos.")
    parser.add_argument("--openpeople", type=Path, required=True)
    parser.add_argument("--mattes", type=Path, required=True)
    parser.add_argument("--astronaut", type=Path, help="data/astronaut.png of scikit-image")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()

    photos, cutouts = {}, {}
    for person in ("P007", "P008", "P009", "P010"):
        photo = read_image(options.openpeople / person / "assets" / "amateur_posture.jpg", "RGB")
        matte = read_image(options.mattes / f"{person}_amateur_posture.webp", "RGBA")
        photos[person], cutouts[person] = photo, lift_person(photo, matte, person)

    group, group_visible = compose_group(cutouts, photos["P007"])
    save_photo(options.out / "group-of-four.jpg", add_grain(group, 0.006))
    pair, pair_visible = compose_pair(cutouts, photos["P007"])
    pair = cv2.resize(pair, (1208, 1800), interpolation=cv2.INTER_AREA)
    save_photo(options.out / "two-in-the-park.jpg", pair, quality=90)
    scale = 1800 / photos["P007"].shape[0]
    pair_boxes = [[round(v * scale) for v in box] for box in bounding_boxes(pair_visible)]
    boxes = {"group-of-four.jpg": bounding_boxes(group_visible), "two-in-the-park.jpg": pair_boxes}
    (Path(__file__).parent / "sample_people.json").write_text(json.dumps(boxes, indent=1) + "\n")
    if options.astronaut:
        save_photo(options.out / "astronaut.jpg", read_image(options.astronaut, "RGB"), quality=95)


if __name__ == "__main__":
    main()
