"""Score kinds of people apart: by company, overlap, size, and being cut by the frame.

A person belongs to the groups that the true mattes say. A false prediction belongs to the groups
that its own matte says, so that each group has a precision too; what is close to a border when it
is a bit of wall counts as cut. Groups of an aspect share out everybody: their counts add up.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from training.metrics.arrays import Mask, Matte, Table
from training.metrics.matching import Pair

FRAME_MARGIN_PX = 2
"""A person this close to a border is cut by the frame; hand-drawn outlines stop short of it."""


@dataclass(frozen=True, slots=True)
class PersonFacts:
    """Say what kind of person a mask is.

    Attributes:
        people: demanded people in the photo.
        overlap: largest IoU of the person's box with another one's.
        height: share of the photo's height.
        is_cut: whether the frame cuts the person.
    """

    people: int
    overlap: float
    height: float
    is_cut: bool


@dataclass(frozen=True, slots=True)
class Aspect:
    """Say in what people are told apart.

    Attributes:
        title: what it is about.
        groups: upper bounds, rising and inclusive, with the group's name.
        measure: what is compared with the bounds.
    """

    title: str
    groups: tuple[tuple[float, str], ...]
    measure: Callable[[PersonFacts], float]

    def group_of(self, facts: PersonFacts) -> str:
        """Return the name of the group."""
        value = self.measure(facts)
        return next((name for bound, name in self.groups if value <= bound), self.groups[-1][1])


ASPECTS = (
    Aspect(
        "people in the photo",
        ((0, "none"), (1, "1"), (3, "2-3"), (6, "4-6"), (20, "7-20"), (np.inf, "21+")),
        lambda facts: facts.people,
    ),
    Aspect(
        "overlap of boxes (IoU)",
        ((0.05, "apart, up to .05"), (0.15, "up to .15"), (0.3, "up to .3"), (1, "above .3")),
        lambda facts: facts.overlap,
    ),
    Aspect(
        "share of the photo's height",
        (
            (0.15, "up to .15"),
            (0.25, "up to .25"),
            (0.4, "up to .4"),
            (0.6, "up to .6"),
            (0.8, "up to .8"),
            (1, "above .8"),
        ),
        lambda facts: facts.height,
    ),
    Aspect("the frame", ((0, "whole"), (1, "cut")), lambda facts: facts.is_cut),
)


@dataclass(frozen=True, slots=True)
class GroupScores:
    """Hold the scores of one group; see ``PanopticResult``.

    Attributes:
        people, false: counts, of people and of false predictions.
        pq, rec, acc, miou: in 0..1.
        emse, emad: in thousandths; None where the mattes are not exact.
    """

    people: int
    false: int
    pq: float
    rec: float
    acc: float
    miou: float
    emse: float | None
    emad: float | None


@dataclass(slots=True)
class _Tally:
    ious: list[float] = field(default_factory=list)
    missed: int = 0
    false: int = 0
    squares: list[float] = field(default_factory=list)
    absolutes: list[float] = field(default_factory=list)

    def result(self) -> GroupScores:
        pairs, total = len(self.ious), sum(self.ious)
        return GroupScores(
            people=pairs + self.missed,
            false=self.false,
            pq=total / max(pairs + 0.5 * self.false + 0.5 * self.missed, 0.5),
            rec=pairs / max(pairs + self.missed, 1),
            acc=pairs / max(pairs + self.false, 1),
            miou=total / max(pairs, 1),
            emse=1000 * float(np.mean(self.squares)) if self.squares else None,
            emad=1000 * float(np.mean(self.absolutes)) if self.absolutes else None,
        )


class GroupScoring:
    """Adds up the people of many photos by group."""

    def __init__(self, aspects: Sequence[Aspect] = ASPECTS) -> None:
        """Start without any photo."""
        self._aspects = aspects
        self._tallies: dict[tuple[str, str], _Tally] = {}

    def add(
        self,
        predicted: Matte,
        truth: Matte,
        pairs: Sequence[Pair],
        *,
        excused: Collection[int] = (),
        is_exact: bool = False,
    ) -> None:
        """Add one photo.

        Args:
            predicted: mattes [K, H, W] in 0..1.
            truth: mattes [N, H, W] of the demanded people.
            pairs: which prediction belongs to which person.
            excused: predictions that are not charged when unmatched.
            is_exact: whether the errors of the mattes mean anything.
        """
        found = {pair.person: pair for pair in pairs}
        for person, facts in enumerate(describe_people(truth > 0.5, len(truth))):
            pair = found.get(person)
            for tally in self._tallies_of(facts):
                if pair is None:
                    tally.missed += 1
                else:
                    tally.ious.append(pair.iou)
            if is_exact:
                matte = None if pair is None else predicted[pair.prediction]
                self._add_errors(facts, truth[person], matte)
        taken = {pair.prediction for pair in pairs} | set(excused)
        for index, facts in enumerate(describe_people(predicted > 0.5, len(truth))):
            if index not in taken:
                for tally in self._tallies_of(facts):
                    tally.false += 1

    def result(self) -> dict[str, dict[str, GroupScores]]:
        """Return the scores by aspect and group, in their order, without empty groups."""
        return {
            aspect.title: {
                name: self._tallies[aspect.title, name].result()
                for _, name in aspect.groups
                if (aspect.title, name) in self._tallies
            }
            for aspect in self._aspects
        }

    def _add_errors(self, facts: PersonFacts, truth: Matte, found: Matte | None) -> None:
        difference = truth if found is None else found - truth
        for tally in self._tallies_of(facts):
            tally.squares.append(float(np.square(difference).mean(dtype=np.float64)))
            tally.absolutes.append(float(np.abs(difference).mean(dtype=np.float64)))

    def _tallies_of(self, facts: PersonFacts) -> list[_Tally]:
        keys = [(aspect.title, aspect.group_of(facts)) for aspect in self._aspects]
        return [self._tallies.setdefault(key, _Tally()) for key in keys]


def describe_people(masks: Mask, people: int) -> list[PersonFacts]:
    """Describe each mask [N, H, W] beside the others of its photo; an empty one is nowhere.

    Args:
        masks: the masks of true people, or of what was found.
        people: demanded people in the photo.
    """
    boxes = np.array([bounds_of(mask) for mask in masks], np.float64).reshape(-1, 4)
    overlap = overlap_of_boxes(boxes)
    np.fill_diagonal(overlap, 0)
    height, width = masks.shape[1:]
    far = np.array([height, width]) - FRAME_MARGIN_PX
    return [
        PersonFacts(
            people=people,
            overlap=float(overlap[index].max(initial=0)),
            height=float(box[2] - box[0]) / height,
            is_cut=bool((box[:2] < FRAME_MARGIN_PX).any() or (box[2:] > far).any()),
        )
        for index, box in enumerate(boxes)
    ]


def bounds_of(mask: Mask) -> tuple[int, int, int, int]:
    """Return top, left, bottom and right of a mask [H, W]; all 0 for an empty one."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    if not len(rows):
        return 0, 0, 0, 0
    return int(rows[0]), int(columns[0]), int(rows[-1]) + 1, int(columns[-1]) + 1


def overlap_of_boxes(boxes: Table) -> Table:
    """Return the IoU of boxes [N, 4] (top, left, bottom, right) with each other, [N, N]."""
    low = np.maximum(boxes[:, None, :2], boxes[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], boxes[None, :, 2:])
    shared = np.clip(high - low, 0, None).prod(-1)
    areas = (boxes[:, 2:] - boxes[:, :2]).prod(-1)
    iou: Table = shared / np.maximum(areas[:, None] + areas[None] - shared, 1e-9)
    return iou


def markdown_group_tables(scores: Mapping[str, Mapping[str, GroupScores]]) -> str:
    """Return a Markdown table with a row per group, the aspects below each other."""
    head = ("kind", "people", "PQ", "REC", "ACC", "MIOU", "false", "EMSE", "EMAD")
    lines = [_row(head), _row(["---"] * len(head))]
    for title, groups in scores.items():
        lines.append(_row([f"*{title}*", *[""] * (len(head) - 1)]))
        lines += [_group_row(name, group) for name, group in groups.items()]
    return "\n".join(lines)


def _group_row(name: str, scores: GroupScores) -> str:
    panoptic = (scores.pq, scores.rec, scores.acc, scores.miou)
    errors = ("–" if error is None else f"{error:.2f}" for error in (scores.emse, scores.emad))
    counted = (name, str(scores.people), *(f"{value:.3f}" for value in panoptic), str(scores.false))
    return _row([*counted, *errors])


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
