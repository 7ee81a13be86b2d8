"""Measure EMSE and EMAD: the matte error of every true person, found or not.

The definitions are ours (the paper's are not public): a person is compared with the matte of
the pair, or with an empty matte when missed; the error is the mean over the photo's pixels; the
result is 1000 times the mean over people. The charged variant adds the error of every unmatched
prediction against an empty matte and still divides by the people, so that inventing people can
only make it worse.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from training.metrics.arrays import Matte
from training.metrics.matching import Pair


@dataclass(frozen=True, slots=True)
class InstanceErrorResult:
    """Hold the errors of a set of photos, in thousandths; `people` is their number."""

    emse: float
    emad: float
    emse_charged: float
    emad_charged: float
    people: int


@dataclass(slots=True)
class InstanceErrors:
    """Add up the matte errors of many photos."""

    _square: float = 0.0
    _absolute: float = 0.0
    _charged_square: float = 0.0
    _charged_absolute: float = 0.0
    _people: int = 0

    def add(
        self, predicted: Matte, truth: Matte, pairs: Sequence[Pair], excused: Sequence[int] = ()
    ) -> None:
        """Add one photo.

        Args:
            predicted: mattes [K, H, W] in 0..1.
            truth: mattes [N, H, W] of the demanded people.
            pairs: which prediction belongs to which person.
            excused: predictions that are not charged when unmatched (ignored regions).
        """
        prediction_of = {pair.person: pair.prediction for pair in pairs}
        for person, matte in enumerate(truth):
            found = prediction_of.get(person)
            difference = matte if found is None else predicted[found] - matte
            self._square += float(np.square(difference).mean(dtype=np.float64))
            self._absolute += float(np.abs(difference).mean(dtype=np.float64))
        for index in set(range(len(predicted))) - set(prediction_of.values()) - set(excused):
            self._charged_square += float(np.square(predicted[index]).mean(dtype=np.float64))
            self._charged_absolute += float(predicted[index].mean(dtype=np.float64))
        self._people += len(truth)

    def result(self) -> InstanceErrorResult:
        """Return the errors so far; 0 when there were no people."""
        scale = 1000 / max(self._people, 1)
        return InstanceErrorResult(
            emse=scale * self._square,
            emad=scale * self._absolute,
            emse_charged=scale * (self._square + self._charged_square),
            emad_charged=scale * (self._absolute + self._charged_absolute),
            people=self._people,
        )
