from __future__ import annotations

import pytest

from training.schedule import FINAL_SHARE, rate_factor


def test_the_rate_warms_up_in_a_line() -> None:
    factors = [rate_factor(step, 4, 0.0) for step in range(6)]
    assert factors == pytest.approx([0.25, 0.5, 0.75, 1.0, 1.0, 1.0])


def test_without_warm_up_the_rate_starts_at_its_peak() -> None:
    assert rate_factor(0, 0, 0.0) == pytest.approx(1.0)


@pytest.mark.parametrize(("progress", "factor"), [(0.5, (1 + FINAL_SHARE) / 2), (1.0, FINAL_SHARE)])
def test_the_rate_falls_by_half_a_cosine(progress: float, factor: float) -> None:
    assert rate_factor(100, 10, progress) == pytest.approx(factor)
