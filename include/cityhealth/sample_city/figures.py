"""Figures that hang together: parts within their wholes, ratios that agree with numerator and denominator.

They are drawn within the catalogue's plausible ranges, each by its own key, so that a growing catalogue changes no
figure that was there before.
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping

from cityhealth.catalogue import Catalogue, Indicator, Item
from cityhealth.sample_city.anchors import anchor
from cityhealth.templates import Key

#: Shares that look like a city, by the indicator's direction, as fractions of the whole.
_SHARES: Mapping[str, tuple[float, float]] = {
    "higher": (0.58, 0.96),
    "lower": (0.02, 0.12),
    "range": (0.3, 0.5),
    "state": (0.3, 0.6),
}
_GROWTH = (0.01, 0.06)


class Figures:
    """The figure of any duty, each computed once. ``year`` is the examination's, figures are of the year before."""

    def __init__(self, catalogue: Catalogue, year: int, seed: int) -> None:
        self._seed = seed
        self._items: dict[str, Item] = {item.code: item for item in catalogue.items}
        self._indicators: dict[str, Indicator] = {i.code: i for i in catalogue.indicators if i.year == year}
        examination = catalogue.examination(year)
        self._this_year = str(examination.period_start.year)
        self._scopes = {i.code: catalogue.scope(i, examination.period_end) for i in catalogue.items}
        self._known: dict[Key, float] = {}

    def of(self, key: Key) -> float:
        """The figure in the item's unit; KeyError for an item that the catalogue does not know."""
        if key not in self._known:
            self._known[key] = self._compute(key)
        return self._known[key]

    def _compute(self, key: Key) -> float:
        code, area, period = key
        item = self._items[code]
        if (indicator := self._indicators.get(item.reported_of or "")) is not None:
            return self._reported(indicator, key)
        if period.isdigit() and period < self._this_year and 0 in item.period_offsets:
            return self._rounded(item, self.of((code, area, self._this_year)) / (1 + self._growth(key)))
        known = anchor(code, item.unit, area)
        if known is not None and known.published:
            return known.value
        value = known.value * self._between(key, 0.97, 1.03) if known else self._estimate(item, key)
        return self._rounded(item, self._plausible(item, key, value))

    def _estimate(self, item: Item, key: Key) -> float:
        """By its ratio to a denominator, by its share of a whole, or out of the blue."""
        code, area, period = key
        indicator = self._as_numerator(code)
        ratio = self._typical_ratio(indicator, key) if indicator else None
        if indicator and ratio is not None:
            below = self._total(indicator.denominator_item, area, period)
            if below is not None:
                return ratio * below / float(indicator.scale or 1)
        if (whole := self._total(item.whole_item, area, period)) is not None:
            low, high = _SHARES[indicator.direction] if indicator else (0.4, 0.8)
            return self._between(key, low, high) * whole
        return _middle(self._random(key), *_plausible_range(item))

    def _reported(self, indicator: Indicator, key: Key) -> float:
        """The indicator as a careful department computes it from its parts; drawn where a formula or a part lacks."""
        code, area, period = key
        before = str(int(period) - 1)
        this = self._total(indicator.numerator_item, area, period)
        match indicator.formula_kind:
            case "growth":
                last = self._total(indicator.numerator_item, area, before)
                ratio = None if this is None or not last else (this - last) / last
            case "lag_ratio":
                ratio = _over(this, self._total(indicator.denominator_item, area, before))
            case "ratio":
                ratio = _over(this, self._total(indicator.denominator_item, area, period))
            case _:
                ratio = this
        if ratio is None:
            return self._rounded(self._items[code], _middle(self._random(key), *_plausible_range(self._items[code])))
        return _significant(float(indicator.scale or 1) * ratio)

    def _total(self, code: str | None, area: str, period: str) -> float | None:
        """An item in an area: its own figure, or the sum over the units it is asked for; None where neither is."""
        if code is None or code not in self._items:
            return None
        scope = self._scopes[code]
        if any(a.code == area for a in scope):
            return self.of((code, area, period))
        parts = [a.code for a in scope if a.parent_code == area]
        return sum(self.of((code, part, period)) for part in parts) if parts else None

    def _growth(self, key: Key) -> float:
        """Since last year; downwards where an indicator counts the fall (a negative scale)."""
        indicator = self._as_numerator(key[0])
        return self._between(key, *_GROWTH) * (-1 if indicator and (indicator.scale or 1) < 0 else 1)

    def _as_numerator(self, code: str) -> Indicator | None:
        return next((i for i in self._indicators.values() if i.numerator_item == code), None)

    def _typical_ratio(self, indicator: Indicator, key: Key) -> float | None:
        """A ratio in the middle of what is plausible for the indicator; None where that is merely 0 to 100 %."""
        item = next((i for i in self._items.values() if i.reported_of == indicator.code), None)
        if indicator.formula_kind != "ratio" or item is None:
            return None
        low, high = _plausible_range(item)
        if (low, high) == (0.0, 100.0):
            return None
        if indicator.direction == "lower":
            # What should be low is: a city is not in the middle of what is conceivable.
            high = low + (high - low) / 3
        return _middle(self._random(key), max(low, 0.0), high)

    def _plausible(self, item: Item, key: Key, value: float) -> float:
        _, area, period = key
        low, high = _plausible_range(item)
        inside = min(max(value, low), high)
        whole = self._total(item.whole_item, area, period)
        return inside if whole is None else min(inside, whole)

    def _rounded(self, item: Item, value: float) -> float:
        return float(round(value)) if item.integer else _significant(value)

    def _between(self, key: Key, low: float, high: float) -> float:
        return self._random(key).uniform(low, high)

    def _random(self, key: Key) -> random.Random:
        return random.Random("|".join((str(self._seed), *key)))


def _plausible_range(item: Item) -> tuple[float, float]:
    """The narrowest range that the catalogue states, with guesses at open ends."""
    low = item.plausible_min if item.plausible_min is not None else item.min_value
    high = item.plausible_max if item.plausible_max is not None else item.max_value
    lowest = 0.0 if low is None else float(low)
    return lowest, (max(lowest * 2, lowest + 100.0) if high is None else float(high))


def _middle(draw: random.Random, low: float, high: float) -> float:
    """From the inner half of a range; by orders of magnitude where it spans more than one."""
    if low > 0 and high / low > 10:
        return math.exp(draw.uniform(*_inner(math.log(low), math.log(high))))
    return draw.uniform(*_inner(low, high))


def _inner(low: float, high: float) -> tuple[float, float]:
    return low + 0.25 * (high - low), high - 0.25 * (high - low)


def _over(above: float | None, below: float | None) -> float | None:
    return None if above is None or not below else above / below


def _significant(value: float) -> float:
    """Five significant digits, as a report shows them."""
    return float(f"{value:.5g}")
