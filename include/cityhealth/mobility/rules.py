"""Cleaning rules, the ``parameters`` of movement data in ``layer_kinds.csv``, read into numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping

from cityhealth.errors import CityHealthError


class MobilityError(CityHealthError):
    """A cleaning rule of ``layer_kinds.csv`` that is missing or no number; the message names it."""


def number(rules: Mapping[str, str], name: str) -> float:
    """The rule ``name``, zero or more. Raises MobilityError where it is not there or is something else."""
    try:
        value = float(rules[name])
    except KeyError:
        raise MobilityError(f"layer_kinds.csv：清洗规则缺少 {name}") from None
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value >= 0):
        raise MobilityError(f"layer_kinds.csv：清洗规则 {name}「{rules[name]}」应为不小于 0 的数")
    return value
