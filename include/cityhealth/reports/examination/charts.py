"""Charts of the report. Each comes with its alternative text and with every value that it shows, tagged."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cityhealth.reports.examination.canvas import (
    BLUE,
    FAINT,
    GREEN,
    GREY,
    INK,
    LIGHT_BLUE,
    ORANGE,
    RED,
    Picture,
    picture,
)
from cityhealth.reports.examination.values import (
    Dimension,
    Examination,
    Indicator,
    Match,
    Quadrant,
    Row,
    Tagged,
    cell,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Drawing:
    """A picture, what it shows in words, and the values it shows, with their keys."""

    picture: Picture
    alt: str
    values: tuple[Tagged, ...]


#: State → what it is called, colour and hatch (printed in grey, too, they differ).
_STATES = (
    ("value", "有值", BLUE, ""),
    ("no_standard", "无标准", LIGHT_BLUE, "//"),
    ("missing", "未报", ORANGE, ""),
    ("refused", "未通过校验", RED, "xx"),
    ("not_applicable", "不适用", FAINT, ""),
)
_GRADES = {"strength": GREEN, "ordinary": LIGHT_BLUE, "shortfall": ORANGE}
_WIDTH = 6.0


def values_of(rows: Sequence[Row], column: str, form: str) -> tuple[Tagged, ...]:
    """The values of a column, of the rows that have one."""
    pieces = (cell(row, column, form) for row in rows)
    return tuple(piece for piece in pieces if isinstance(piece, Tagged))


def radar(dimensions: Sequence[Dimension]) -> Drawing:
    """The scores of dimensions; where one has none its axis is open, and the outline is not closed over it."""
    count = len(dimensions)
    angles = [math.pi / 2 - 2 * math.pi * n / count for n in range(count)]

    def draw(figure: Figure) -> None:
        axes: Any = figure.add_subplot(projection="polar")
        axes.set_theta_offset(0)
        axes.set_ylim(0, 105)
        axes.set_yticks([20, 40, 60, 80, 100])
        axes.set_yticklabels(["20", "40", "60", "80", "100"], fontsize=8, color=GREY)
        axes.set_rlabel_position(90 + 180 / count)
        axes.set_xticks([angle % (2 * math.pi) for angle in angles])
        axes.set_xticklabels([_radar_label(row) for row in dimensions], fontsize=10)
        axes.tick_params(axis="x", pad=14)
        axes.grid(color=FAINT, linewidth=0.8)
        axes.spines["polar"].set_color(FAINT)
        if all(row.score is not None for row in dimensions):
            axes.fill(angles, [row.score or 0.0 for row in dimensions], color=BLUE, alpha=0.12)
        for at, (one, other) in enumerate(zip(dimensions, [*dimensions[1:], dimensions[0]], strict=True)):
            if one.score is not None and other.score is not None:
                axes.plot([angles[at], angles[(at + 1) % count]], [one.score, other.score], color=BLUE, linewidth=1.8)
        scored = [(angle, row.score) for angle, row in zip(angles, dimensions, strict=True) if row.score is not None]
        axes.plot([a for a, _ in scored], [s for _, s in scored], "o", color=BLUE, markersize=5)

    texts = "；".join(f"{row.dimension_zh}{_score_text(row)}" for row in dimensions)
    return Drawing(picture(_WIDTH, 4.9, draw), f"雷达图：各维度得分。{texts}。", values_of(dimensions, "score", "1"))


def _radar_label(row: Dimension) -> str:
    return f"{row.dimension_zh}\n{_score_text(row)}"


def _score_text(row: Dimension) -> str:
    piece = cell(row, "score", "1")
    return piece.text if isinstance(piece, Tagged) else "无得分"


def states(examination: Examination) -> Drawing:
    """How many indicators of each dimension have a value, and why the others have none."""
    dimensions = examination.dimensions
    counts = {
        (row.dimension_code, state): examination.in_state(row.dimension_code, state)
        for row in dimensions
        for state, *_ in _STATES
    }

    def draw(figure: Figure) -> None:
        from matplotlib.ticker import MaxNLocator

        axes = figure.subplots()
        at = list(range(len(dimensions)))
        left = [0] * len(dimensions)
        for state, label, colour, hatch in _STATES:
            texts = [counts[row.dimension_code, state].text for row in dimensions]
            lengths = [int(text) for text in texts]
            bars = axes.barh(
                at, lengths, left=left, color=colour, hatch=hatch, edgecolor="white", label=label, height=0.62
            )
            dark = colour in (BLUE, RED)
            shown = [text if text != "0" else "" for text in texts]
            axes.bar_label(bars, shown, label_type="center", fontsize=9, color="white" if dark else INK)
            left = [sum(pair) for pair in zip(left, lengths, strict=True)]
        _named(axes, [row.dimension_zh for row in dimensions])
        axes.set_xlabel("指标（项）")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.legend(loc="upper center", bbox_to_anchor=(0.45, -0.16), ncols=5, frameon=False, fontsize=9)

    values = tuple(count for count in counts.values() if count.text != "0")
    texts = "；".join(
        f"{row.dimension_zh}："
        + "、".join(
            f"{label}{counts[row.dimension_code, state].text}项"
            for state, label, *_ in _STATES
            if counts[row.dimension_code, state].text != "0"
        )
        for row in dimensions
    )
    return Drawing(picture(_WIDTH, 0.42 * len(dimensions) + 1.2, draw), f"条形图：{texts}。", values)


def scores(indicators: Sequence[Indicator]) -> Drawing:
    """The scores of a dimension's indicators that have one, best first."""
    scored = sorted((row for row in indicators if row.score is not None), key=lambda row: (-(row.score or 0), row.code))

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        at = list(range(len(scored)))
        colours = [_GRADES.get(row.grade or "", GREY) for row in scored]
        bars = axes.barh(at, [row.score or 0 for row in scored], color=colours, height=0.62)
        axes.bar_label(bars, [_text(row, "score", "1") for row in scored], padding=3, fontsize=9)
        _named(axes, [_short(row.name_zh) for row in scored])
        axes.set_xlim(0, 112)
        axes.set_xticks([0, 20, 40, 60, 80, 100])
        axes.set_xlabel("得分")
        axes.axvline(100, color=FAINT, linewidth=0.8, zorder=0)
        present = [(row.grade, row.grade_zh) for row in scored if row.grade_zh]
        for grade, label in dict.fromkeys(present):
            axes.barh([0], [0], color=_GRADES.get(grade or "", GREY), label=label)
        if len(set(present)) > 1:
            axes.legend(loc="lower center", bbox_to_anchor=(0.4, 1.0), ncols=3, frameon=False, fontsize=9)

    texts = "；".join(f"{row.name_zh}{_text(row, 'score', '1')}" for row in scored)
    height = 0.36 * len(scored) + 1.0
    return Drawing(picture(_WIDTH, height, draw), f"条形图：指标得分。{texts}。", values_of(scored, "score", "1"))


def quadrant(rows: Sequence[Quadrant]) -> Drawing:
    """Importance against satisfaction, divided at the means."""
    shown = [row for row in rows if row.importance is not None and row.satisfaction is not None]

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        xs, ys = ([getattr(row, column) for row in shown] for column in ("importance", "satisfaction"))
        axes.scatter(xs, ys, color=BLUE, s=34, zorder=3)
        for column, line in (("importance_mean", axes.axvline), ("satisfaction_mean", axes.axhline)):
            mean = next((getattr(row, column) for row in shown if getattr(row, column) is not None), None)
            if mean is not None:
                line(mean, color=GREY, linewidth=1, linestyle="--", zorder=1)
        axes.margins(0.16)
        for row, place in zip(
            shown, _places(xs, ys, [row.subject_zh or row.subject_code for row in shown]), strict=True
        ):
            offset, ha, va = place
            axes.annotate(
                row.subject_zh or row.subject_code,
                (row.importance, row.satisfaction),
                xytext=offset,
                textcoords="offset points",
                ha=ha,
                va=va,
                fontsize=9,
            )
        axes.set_xlabel("重要性")
        axes.set_ylabel("满意度")
        for zh, x, y, ha, va in _corners(shown):
            axes.text(x, y, zh, transform=axes.transAxes, ha=ha, va=va, fontsize=10, color=GREY)

    texts = "；".join(
        f"{row.subject_zh}：重要性{_text(row, 'importance', '1')}，满意度{_text(row, 'satisfaction', '1')}，"
        f"{row.quadrant_zh}"
        for row in shown
    )
    values = [v for column in ("importance", "satisfaction") for v in values_of(shown, column, "1")]
    return Drawing(picture(_WIDTH, 4.4, draw), f"四象限图：重要性与满意度。{texts}。", tuple(values))


#: Where a name may stand beside its point: offset in points, and which side of the name is there.
_BESIDE = (
    ((0.0, 7.0), "center", "bottom"),
    ((0.0, -7.0), "center", "top"),
    ((8.0, 0.0), "left", "center"),
    ((-8.0, 0.0), "right", "center"),
)


def _places(xs: Sequence[float], ys: Sequence[float], names: Sequence[str]) -> list[tuple[Any, str, str]]:
    """For each point the first place where its name covers neither another point nor a name that has its place."""
    across, up = 340 / ((max(xs) - min(xs)) * 1.32 or 1), 240 / ((max(ys) - min(ys)) * 1.32 or 1)
    points = [(x * across, y * up) for x, y in zip(xs, ys, strict=True)]
    taken: list[tuple[float, ...]] = [(x - 4, y - 4, x + 4, y + 4) for x, y in points]
    found = []
    for at, ((x, y), name) in enumerate(zip(points, names, strict=True)):
        others = taken[:at] + taken[at + 1 :]
        boxes = [_box(x, y, 9.0 * len(name), place) for place in _BESIDE]
        free = next((n for n, box in enumerate(boxes) if not any(_overlap(box, other) for other in others)), 0)
        taken.append(boxes[free])
        found.append(_BESIDE[free])
    return found


def _box(x: float, y: float, width: float, place: tuple[tuple[float, float], str, str]) -> tuple[float, ...]:
    (right, above), ha, va = place
    left = x + right - {"center": width / 2, "left": 0.0, "right": width}[ha]
    low = y + above - {"bottom": 0.0, "top": 11.0, "center": 5.5}[va]
    return left, low, left + width, low + 11.0


def _overlap(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _corners(rows: Sequence[Quadrant]) -> list[tuple[str, float, float, str, str]]:
    """The names of the quadrants in their corners, as the rows have them."""
    corners = []
    for right in (True, False):
        for upper in (True, False):
            name = next((row.quadrant_zh for row in rows if _is_in(row, right, upper)), None)
            if name:
                place = (0.985 if right else 0.015, 0.985 if upper else 0.015)
                corners.append((name, *place, "right" if right else "left", "top" if upper else "bottom"))
    return corners


def _is_in(row: Quadrant, right: bool, upper: bool) -> bool:
    if row.importance_mean is None or row.satisfaction_mean is None:
        return False
    return ((row.importance or 0) >= row.importance_mean) is right and (
        (row.satisfaction or 0) >= row.satisfaction_mean
    ) is upper


def match(rows: Sequence[Match], names: Sequence[str]) -> Drawing:
    """What figures say of a dimension beside what people say."""

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        for at, row in enumerate(rows):
            if row.objective_score is not None and row.satisfaction is not None:
                axes.plot([row.objective_score, row.satisfaction], [at, at], color=FAINT, linewidth=3, zorder=1)
        series = (("objective_score", "客观得分", BLUE, "o"), ("satisfaction", "居民满意度", ORANGE, "D"))
        for column, label, colour, marker in series:
            points = [(getattr(row, column), at) for at, row in enumerate(rows) if getattr(row, column) is not None]
            xs, ys = [x for x, _ in points], [y for _, y in points]
            axes.scatter(xs, ys, color=colour, marker=marker, s=44, label=label, zorder=3)
            for row, y in ((rows[y], y) for y in ys):
                text, x = _text(row, column, "1"), getattr(row, column)
                above = 8 if column == "objective_score" else -15
                axes.annotate(text, (x, y), xytext=(0, above), textcoords="offset points", ha="center", fontsize=8)
        _named(axes, list(names))
        axes.set_ylim(len(rows) - 0.4, -0.6)
        axes.set_xlim(0, 106)
        axes.grid(axis="x", color=FAINT, linewidth=0.6)
        axes.set_axisbelow(True)
        axes.legend(loc="lower center", bbox_to_anchor=(0.45, 1.0), ncols=2, frameon=False, fontsize=9)

    texts = "；".join(
        f"{name}：客观得分{_text(row, 'objective_score', '1')}，满意度{_text(row, 'satisfaction', '1')}"
        for name, row in zip(names, rows, strict=True)
    )
    values = [v for column in ("objective_score", "satisfaction") for v in values_of(rows, column, "1")]
    return Drawing(picture(_WIDTH, 0.5 * len(rows) + 0.9, draw), f"对照图：{texts}。", tuple(values))


def _named(axes: Axes, names: Sequence[str]) -> None:
    """Names beside bars, from top to bottom."""
    axes.set_yticks(range(len(names)), names)
    axes.tick_params(axis="y", length=0)
    axes.invert_yaxis()


def _text(row: Row, column: str, form: str) -> str:
    piece = cell(row, column, form)
    return piece if isinstance(piece, str) else piece.text if isinstance(piece, Tagged) else ""


def _short(name: str, longest: int = 16) -> str:
    """A long name on two lines."""
    if len(name) <= longest:
        return name
    half = (len(name) + 1) // 2
    return f"{name[:half]}\n{name[half:]}"
