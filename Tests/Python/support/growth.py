"""Whether something grows: a slope, and between what bounds it lies."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Slope:
    """The median of the slopes of all pairs (Theil and Sen), with its confidence interval of 95 %."""

    value: float
    low: float
    high: float

    @property
    def is_flat(self) -> bool:
        """Whether it cannot be told from 0."""
        return self.low <= 0 <= self.high

    def overlaps(self, other: Slope) -> bool:
        return self.low <= other.high and other.low <= self.high


def slope(xs: Sequence[float], ys: Sequence[float]) -> Slope:
    """Of points in any order. No outlier, and no noise however distributed, moves it far."""
    count = len(xs)
    slopes = sorted(
        (ys[other] - ys[one]) / (xs[other] - xs[one])
        for one in range(count)
        for other in range(one + 1, count)
        if xs[other] != xs[one]
    )
    # The variance of Kendall's S tells how many slopes lie on either side of the interval.
    reach = 1.96 * math.sqrt(count * (count - 1) * (2 * count + 5) / 18)
    low = max(0, round((len(slopes) - reach) / 2) - 1)
    high = min(len(slopes) - 1, round((len(slopes) + reach) / 2))
    middle = len(slopes) // 2
    value = slopes[middle] if len(slopes) % 2 else (slopes[middle - 1] + slopes[middle]) / 2
    return Slope(value, slopes[low], slopes[high])
