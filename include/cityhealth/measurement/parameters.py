"""Parameters of ``measurements.csv``, read."""

from __future__ import annotations

import math
from collections.abc import Sequence

from cityhealth.measurement.values import MeasurementError, Parameters


class Reader:
    """Hands out parameters by name; MeasurementError names the one that is missing, unreadable or unknown."""

    def __init__(self, parameters: Parameters) -> None:
        self._left = dict(parameters)

    def has(self, name: str) -> bool:
        return name in self._left

    def text(self, name: str, default: str | None = None) -> str:
        if name not in self._left and default is None:
            raise MeasurementError(f"缺少参数 {name}")
        return self._left.pop(name, default or "")

    def choice(self, name: str, options: Sequence[str], default: str) -> str:
        text = self.text(name, default)
        if text not in options:
            raise MeasurementError(f"参数 {name}「{text}」应为 {'、'.join(options)} 之一")
        return text

    def number(self, name: str, least: float = -math.inf, default: str | None = None) -> float:
        """A finite number that is not below ``least``."""
        return _number(name, self.text(name, default), least)

    def pairs(self, name: str) -> dict[str, float]:
        """``standard:1493|small:1128``: each text once, each number above zero."""
        found: dict[str, float] = {}
        for part in self.text(name).split("|"):
            key, colon, number = part.partition(":")
            if not (key and colon) or key in found:
                raise MeasurementError(f"参数 {name}「{part}」应为 名称:数，多个以 | 隔开，不重复")
            found[key] = positive(name, number)
        return found

    def finish(self) -> None:
        if self._left:
            raise MeasurementError(f"方法没有这些参数：{'、'.join(self._left)}")


def positive(name: str, text: str) -> float:
    """The number that ``text`` is, above zero."""
    number = _number(name, text, 0)
    if not number:
        raise MeasurementError(f"参数 {name}「{text}」应大于 0")
    return number


def _number(name: str, text: str, least: float) -> float:
    try:
        number = float(text)
    except ValueError:
        raise MeasurementError(f"参数 {name}「{text}」不是数") from None
    if not math.isfinite(number) or number < least:
        raise MeasurementError(f"参数 {name}「{text}」超出范围")
    return number
