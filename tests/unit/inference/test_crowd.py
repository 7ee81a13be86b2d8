from dataclasses import dataclass

import cv2
import numpy as np
import pytest
import torch

from himapp.errors import Cancelled
from himapp.imaging.geometry import Window
from himapp.inference.crowd import CrowdMember, is_crowd, is_panorama, join_looks, plan_tiles
from himapp.inference.e2e_him import E2EHimSession
from himapp.inference.postprocess import Candidate
from himapp.inference.session import CancelToken, Quality

SIDE = 192
PHOTO = (256, 384)
PERSON_PX = (24, 8)
"""Height and width of a person of the photo; the first look has half of it, the second all."""


@dataclass
class Found:
    score: torch.Tensor
    box: torch.Tensor
    alpha: torch.Tensor


class BarNetwork:
    """Finds white bars on black, if they have so many pixels of its input."""

    score_threshold = 0.4
    input_side = SIDE

    def __init__(self, least_area: int, most: int = 1000) -> None:
        self.least_area = least_area
        self.most = most
        self.sides: list[int] = []

    @property
    def looks(self) -> int:
        return len(self.sides)

    def to(self, device: str) -> "BarNetwork":
        return self

    def predict(self, images: torch.Tensor, score_floor: float | None = None) -> list[Found]:
        self.sides.append(max(images.shape[2:]))
        red = images[0, 0].numpy()
        mask = (red > 0.6).astype(np.uint8)
        count, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=4)
        rows = [i for i in range(1, count) if stats[i, cv2.CC_STAT_AREA] >= self.least_area]
        rows = rows[: self.most]
        alpha = torch.from_numpy(np.array([labels == i for i in rows], np.float32))
        x, y, width, height = stats[rows, :4].T.astype(np.float32)
        box = torch.from_numpy(np.stack([x, y, x + width, y + height], 1))
        return [Found(torch.full((len(rows),), 0.9), box, alpha.reshape(-1, *red.shape))]


def draw_crowd(columns: int, rows: int = 1, size: tuple[int, int] = PERSON_PX) -> np.ndarray:
    """Return a photo of white bars, evenly spread, one of them huge at the left."""
    photo = np.zeros((*PHOTO, 3), np.uint8)
    photo[20:250, 4:40] = 255
    for row in range(rows):
        for column in range(columns):
            top, left = 20 + row * 40, 60 + round(column * 316 / columns)
            photo[top : top + size[0], left : left + size[1]] = 255
    return photo


def session_of(network: BarNetwork, quality: Quality = "normal") -> E2EHimSession:
    return E2EHimSession("cpu", quality=quality, load=lambda: network, load_edges=lambda: None)


def member(
    top: int, bottom: int, left: int, right: int, score: float = 0.9, value: float = 1.0
) -> CrowdMember:
    crop = np.full((bottom - top, right - left), value, np.float32)
    window = Window(top, bottom, left, right)
    return CrowdMember(crop, window, (100, 100), score, (left, top, right, bottom))


def candidate(height: float) -> Candidate:
    return Candidate(np.ones((4, 4), np.float32), 0.9, (0, 0, 10, height))


def test_few_people_of_usual_size_are_no_crowd() -> None:
    pixels = np.zeros((100, 100, 3), np.uint8)
    assert not is_crowd([candidate(50)] * 10, pixels)
    assert not is_crowd([candidate(5)] * 4, pixels)
    assert is_crowd([candidate(5)] * 5, pixels)
    assert is_crowd([candidate(50)] * 20, pixels)


def test_a_photo_of_few_people_is_looked_at_once() -> None:
    network = BarNetwork(30)
    people = session_of(network).find_people(draw_crowd(3, size=(100, 30))).people
    assert (len(people), network.looks) == (4, 1)


def test_the_second_look_finds_each_small_person_once() -> None:
    photo = draw_crowd(12, rows=5)
    network = BarNetwork(30)
    people = session_of(network).find_people(photo).people
    assert network.looks > 3
    assert len(people) == 61
    centres = [person.left + person.alpha.shape[1] / 2 for person in people]
    assert centres == sorted(centres)
    assert people[0].alpha.shape[0] > 200
    total = np.zeros(PHOTO, np.int64)
    for person in people:
        rows, columns = person.alpha.shape
        total[person.top : person.top + rows, person.left : person.left + columns] += person.alpha
    assert total.max() <= 65535


def test_people_too_small_for_the_first_look_are_added() -> None:
    photo = draw_crowd(8, rows=3)
    for column in range(8):
        left = 60 + round(column * 316 / 8)
        photo[200:212, left : left + 6] = 255
    assert len(session_of(BarNetwork(30)).find_people(photo).people) == 33


def test_more_people_are_found_than_one_look_can_hold() -> None:
    photo = draw_crowd(26, rows=5, size=(24, 6))
    assert len(session_of(BarNetwork(30, most=80)).find_people(photo).people) == 131


@pytest.mark.parametrize(("quality", "side", "ways"), [("draft", 160, 1), ("best", SIDE, 2)])
def test_tiles_are_looked_at_as_the_quality_says(quality: Quality, side: int, ways: int) -> None:
    photo = draw_crowd(12, rows=5)
    network, usual = BarNetwork(10), BarNetwork(10)
    session_of(usual).find_people(photo)
    assert len(session_of(network, quality).find_people(photo).people) == 61
    assert set(network.sides) == {side}
    assert network.looks == ways * usual.looks > 3


def test_tiles_are_reported_and_a_wish_to_stop_is_met_between_them() -> None:
    photo = draw_crowd(12, rows=5)
    reports: list[tuple[str, int, int]] = []
    cancel = CancelToken()

    def listen(stage: str, done: int, of: int) -> None:
        reports.append((stage, done, of))
        if (stage, done) == ("find", 2):
            cancel.cancel()

    network = BarNetwork(30)
    with pytest.raises(Cancelled):
        session_of(network).find_people(photo, progress=listen, cancel=cancel)
    assert reports[-1][:2] == ("find", 2)
    assert reports[-1][2] > 2
    assert network.looks == 3


def test_a_panorama_is_looked_at_everywhere_although_one_look_sees_nobody() -> None:
    photo = np.zeros((200, 3200, 3), np.uint8)
    for column in range(16):
        photo[60:160, 40 + 200 * column : 80 + 200 * column] = 255
    network = BarNetwork(150)
    people = session_of(network).find_people(photo).people
    assert len(people) == 16
    assert network.looks > 8
    assert all(80 < person.alpha.shape[0] < 140 for person in people)


@pytest.mark.parametrize(
    ("shape", "is_one"), [((1000, 3000), True), ((9000, 300), True), ((1000, 2900), False)]
)
def test_a_panorama_is_three_times_as_long_as_high(shape: tuple[int, int], *, is_one: bool) -> None:
    assert is_panorama(np.zeros((*shape, 3), np.uint8)) == is_one


@pytest.mark.parametrize("shape", [(3, 2000), (2000, 3), (1, 60)])
def test_a_line_of_pixels_is_no_trouble(shape: tuple[int, int]) -> None:
    assert session_of(BarNetwork(30)).find_people(np.zeros((*shape, 3), np.uint8)).people == ()


@pytest.mark.parametrize("grid", [(940, 1408), (1408, 300), (64, 1408), (704, 704)])
def test_tiles_overlap_and_cover_everybody(grid: tuple[int, int]) -> None:
    people = [Window(0, 20, 0, 30), Window(grid[0] - 20, grid[0], grid[1] - 30, grid[1])]
    tiles = plan_tiles(grid, 704, people)
    cover = np.zeros(grid, int)
    for tile in tiles:
        cover[tile.slices] += 1
        assert (tile.bottom - tile.top, tile.right - tile.left) == tuple(min(704, g) for g in grid)
    assert cover.min() >= 1
    assert len(tiles) <= 6


def test_tiles_stay_where_people_are() -> None:
    tiles = plan_tiles((2000, 3000), 704, [Window(100, 300, 2000, 2200)])
    assert len(tiles) == 1
    assert tiles[0].left <= 1900
    assert tiles[0].right >= 2300


def test_somebody_in_two_tiles_is_one_person_and_the_surer_one() -> None:
    twins = [member(0, 50, 0, 20, 0.7), member(0, 48, 1, 20, 0.8)]
    assert [m.score for m in join_looks([], twins)] == [0.8]


def test_a_tiles_person_replaces_that_of_the_first_look() -> None:
    (kept,) = join_looks([member(0, 50, 0, 20, 0.99)], [member(0, 49, 0, 20, 0.5)])
    assert kept.score == 0.5


def test_one_blob_of_the_first_look_gives_way_to_the_people_in_it() -> None:
    pair = [member(0, 50, 0, 20, 0.6), member(0, 50, 20, 40, 0.6)]
    assert len(join_looks([member(0, 50, 0, 40, 0.9)], pair)) == 2


def test_a_hand_found_by_a_tile_gives_way_to_its_large_person() -> None:
    (kept,) = join_looks([member(0, 90, 0, 40, 0.8)], [member(10, 25, 5, 20, 0.95)])
    assert kept.area == 3600


def test_neighbours_who_overlap_a_little_both_stay() -> None:
    assert len(join_looks([member(0, 50, 0, 20)], [member(0, 50, 15, 35)])) == 2


def test_a_member_comes_back_to_its_place_on_the_grid() -> None:
    someone = member(10, 30, 40, 60, value=0.5)
    assert someone.alpha.sum() == pytest.approx(200)
    assert someone.alpha[10, 40] == 0.5
    assert someone.centre_x == pytest.approx(49.5)
