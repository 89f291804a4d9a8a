"""One frozen dataclass per catalogue file; its fields are the file's columns (docs/architecture.md), typed.

pydantic turns the text of a line into the fields and says which column does not fit.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import field
from datetime import date, time
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, StringConstraints
from pydantic.dataclasses import dataclass

Basis = Literal["verified", "recalled", "inferred", "derived", "house", "proposed"]

#: The name of an indicator of which no more is known than that it is there.
NOT_OBTAINED = "名称未取得"

_STRICT = ConfigDict(extra="forbid")
_ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_PLAIN_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")
_TIME_OF_DAY = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]")
_WHOLE_NUMBER = re.compile(r"-?[0-9]+")


def _date(text: Any) -> Any:
    if not isinstance(text, str):
        return text
    # pydantic would also read 1609459200 as a day.
    if not _ISO_DATE.fullmatch(text):
        raise ValueError("应为日期，写成 2020-12-31")
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError("不是日历上有的一天") from None


def _number(text: Any) -> Any:
    if isinstance(text, str) and not _PLAIN_NUMBER.fullmatch(text):
        raise ValueError("应为普通写法的数，如 12.5")
    return text


def _whole(text: Any) -> Any:
    if isinstance(text, str) and not _WHOLE_NUMBER.fullmatch(text):
        raise ValueError("应为整数")
    return text


def _yes_no(text: Any) -> Any:
    answers = {"yes": True, "no": False}
    if isinstance(text, str) and text not in answers:
        raise ValueError("应为 yes 或 no")
    return answers[text] if isinstance(text, str) else text


def _parts(text: Any) -> Any:
    return tuple(part.strip() for part in text.split(";") if part.strip()) if isinstance(text, str) else text


def _offsets(text: Any) -> Any:
    if isinstance(text, str):
        parts = text.split(";")
        if not all(_WHOLE_NUMBER.fullmatch(part) for part in parts):
            raise ValueError("应为 0、-1 或 -1;0")
        return tuple(int(part) for part in parts)
    return text


def _parameters(text: Any) -> Any:
    """``radius_m=500;by=air`` → name to text."""
    if not isinstance(text, str):
        return text
    named: dict[str, str] = {}
    for part in filter(None, text.split(";")):
        name, equals, value = part.partition("=")
        if not (equals and re.fullmatch("[a-z][a-z0-9_]*", name) and value.strip() == value != ""):
            raise ValueError("应为 名称=值，多个以分号隔开，如 radius_m=500;by=air")
        if name in named:
            raise ValueError(f"参数 {name} 写了两次")
        named[name] = value
    return named


def _days_of_month(text: Any) -> Any:
    if isinstance(text, str):
        days = [int(part) if _WHOLE_NUMBER.fullmatch(part) else 0 for part in text.split(";")]
        if days != sorted(set(days)) or not all(1 <= day <= 28 for day in days):
            raise ValueError("应为每月都有的日子，从小到大，如 5;20")
        return tuple(days)
    return text


def _conditions(text: Any) -> Any:
    """``state=value|no_standard;suppressed!=true`` → (column, whether equal, values)."""
    if not isinstance(text, str):
        return text
    conditions = []
    for part in filter(None, text.split(";")):
        match = re.fullmatch(r"([a-z][a-z0-9_]*)(!?=)([^=!]+)", part)
        if not match:
            raise ValueError("应为 列名=值|值 或 列名!=值，多个以分号隔开")
        conditions.append((match[1], match[2] == "=", tuple(match[3].split("|"))))
    return tuple(conditions)


def _time_of_day(text: Any) -> Any:
    if isinstance(text, str):
        if not _TIME_OF_DAY.fullmatch(text):
            raise ValueError("应为时刻，如 18:00")
        return time.fromisoformat(text)
    return text


Text = Annotated[str, StringConstraints(min_length=1)]
Day = Annotated[date, BeforeValidator(_date)]
Number = Annotated[Decimal, BeforeValidator(_number)]
Whole = Annotated[int, BeforeValidator(_whole)]
YesNo = Annotated[bool, BeforeValidator(_yes_no)]
Texts = Annotated[tuple[str, ...], BeforeValidator(_parts)]
DaysOfMonth = Annotated[tuple[int, ...], BeforeValidator(_days_of_month)]
TimeOfDay = Annotated[time, BeforeValidator(_time_of_day)]
Parameters = Annotated[Mapping[str, str], BeforeValidator(_parameters)]
Conditions = Annotated[tuple[tuple[str, bool, tuple[str, ...]], ...], BeforeValidator(_conditions)]
Offsets = Annotated[tuple[int, ...], BeforeValidator(_offsets)]
SnakeCode = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*(_[a-z0-9]+)*$")]
IndicatorCode = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9-]*[0-9]$")]
AreaCode = Annotated[str, StringConstraints(pattern=r"^[0-9]{6}([0-9]{3})?(-[A-Z0-9]+)?$")]
AreaScope = Annotated[str, StringConstraints(pattern=r"^([0-9]{6}([0-9]{3})?(-[A-Z0-9]+)?|level:[a-z_]+)$")]
Operator = Literal[">=", "<=", "range"]
Level = Literal["province", "city", "other_city", "district_group", "county", "town", "built_up", "cluster"]
FormulaKind = Literal["ratio", "value", "growth", "lag_ratio", "maximum", "none"]


@dataclass(frozen=True, config=_STRICT, kw_only=True)
class Row:
    """What every file may carry: the day from which a row was known (None: always), the first day on which it no
    longer counted (None: it still does), and how sure it is."""

    known_from: Day | None = None
    known_until: Day | None = None
    basis: Basis | None = None


@dataclass(frozen=True, config=_STRICT, kw_only=True)
class Dimension(Row):
    """A dimension (维度): eight official ones, 特色指标, or a ``level`` (层级) of a system of levels."""

    code: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
    name_zh: Text
    name_en: Text
    sort_order: Whole
    kind: Literal["base", "local", "level"]


@dataclass(frozen=True, config=_STRICT, kw_only=True)
class Indicator(Row):
    """An indicator (指标) of one system and year: a formula over items.

    ``scale`` is what the formula multiplies with, so that the value comes out in ``unit``.
    ``direction`` says what is better; ``state``: neither, it describes.
    A ``listed`` one is known to belong to its system and nobody examines it: what was not obtained of it is empty, its
    name :data:`NOT_OBTAINED`. Of every other all is known (:mod:`cityhealth.catalogue.rules.system`).
    """

    system: Text
    year: Whole
    code: IndicatorCode
    no: Whole
    dimension_code: Text
    name_zh: Text
    name_en: Text
    unit: str = ""
    direction: Literal["higher", "lower", "range", "state", ""] = ""
    category: Literal["导向指标", "底线指标"] | None = None
    status: Literal["official", "proposed", "adopted", "dropped", "listed"]
    formula_kind: FormulaKind
    numerator_item: str | None = None
    denominator_item: str | None = None
    scale: Number | None = None
    area_code: AreaCode | None = None
    definition_zh: str = ""
    definition_en: str = ""
    no_formula_reason_zh: str | None = None
    applicability: Literal["applicable", "not_applicable"]
    not_applicable_reason_zh: str | None = None
    lead_department: str = ""
    category_basis: Basis | None = None
    name_basis: Basis | None = None
    definition_basis: Basis | None = None
    notes: str | None = None
    source: str | None = None
    valid_from: Day | None = None
    valid_to: Day | None = None


@dataclass(frozen=True, config=_STRICT, kw_only=True)
class Item(Row):
    """A data item (数据项): one measured quantity, in ``unit``.

    Outside ``min_value`` … ``max_value`` a value is refused, outside the plausible range it is marked.
    ``period_offsets`` are years relative to the examined one. ``tolerance`` is relative.
    """

    code: SnakeCode
    name_zh: Text
    name_en: Text
    definition_zh: Text
    unit: Text
    role: Literal["measure", "reported_indicator", "context"]
    reported_of: IndicatorCode | None = None
    department_code: Text
    feed: SnakeCode
    area_scope: AreaScope
    aggregation: Literal["sum", "none"]
    period_kind: Literal["year", "point"]
    period_offsets: Offsets
    integer: YesNo
    min_value: Number | None = None
    max_value: Number | None = None
    plausible_min: Number | None = None
    plausible_max: Number | None = None
    whole_item: str | None = None
    tolerance: Number | None = None
    notes: str | None = None


@dataclass(frozen=True, config=_STRICT, kw_only=True)
class Target(Row):
    """What an indicator is held against: a ``target`` is scored, a ``reference`` only shown."""

    system: Text
    year: Whole
    code: IndicatorCode
    kind: Literal["target", "reference"]
    operator: Operator
    value: Number
    value_high: Number | None = None
    unit: Text
    source: Text
    basis: Basis
    notes: str | None = None
    valid_from: Day | None = None
    valid_to: Day | None = None


@dataclass(frozen=True, config=_STRICT, kw_only=True)
class Department(Row):
    """A department (报送单位), with the names that people write for it."""

    code: SnakeCode
    name_zh: Text
    name_en: Text
    aliases: Texts = ()
    role: Literal["lead", "reporting", "office"]


@dataclass(frozen=True, config=_STRICT, kw_only=True)
class Area(Row):
    """An area, valid from ``valid_from`` to ``valid_to``, both days included (None: always)."""

    code: AreaCode
    name_zh: Text
    name_en: str | None = None
    level: Level
    parent_code: AreaCode | None = None
    valid_from: Day | None = None
    valid_to: Day | None = None
    successor_code: AreaCode | None = None
    notes: str | None = None

    def is_valid_at(self, day: date) -> bool:
        """Whether the area exists on that day."""
        return (self.valid_from or date.min) <= day <= (self.valid_to or date.max)


@dataclass(frozen=True, config=_STRICT, kw_only=True)
class WorkBlock(Row):
    """One of the ten blocks of work of the plan."""

    code: Text
    name_zh: Text
    name_en: Text
    dimension_code: str | None = None
    sort_order: Whole


@dataclass(frozen=True, config=_STRICT, kw_only=True)
class Responsibility(Row):
    """A department's part in a block of work."""

    block_code: Text
    department_code: Text
    role: Literal["lead", "support"]


@dataclass(frozen=True, config=_STRICT, kw_only=True)
class Grading(Row):
    """A grade, a warning rule, a tolerance, a rule of comparisons, or one of the departments' assessment.

    ``upper`` is excluded. ``parameter`` is relative for a ``warning`` or ``tolerance``; for ``points`` the most that
    can be had, for ``credit`` the share of a period's credit, for ``progress`` what the rule compares with.
    """

    kind: Literal["grade", "warning", "tolerance", "comparison", "points", "credit", "progress"]
    code: SnakeCode
    label_zh: Text
    label_en: Text
    lower: Number | None = None
    upper: Number | None = None
    parameter: Number | None = None
    sort_order: Whole
    description_zh: Text


@dataclass(frozen=True, config=_STRICT, kw_only=True)
class Unit(Row):
    """A unit: ``factor`` leads to the base unit of its ``dimension``, in which units can be converted."""

    unit: Text
    dimension: SnakeCode
    factor: Number
    aliases: Texts = ()


@dataclass(frozen=True, config=_STRICT, kw_only=True)
class SourcePriority(Row):
    """Which source wins where several have an item (1 first); item ``*`` is every item."""

    item_code: Text
    source_kind: SnakeCode
    priority: Whole


@dataclass(frozen=True, config=_STRICT, kw_only=True)
class Correction(Row):
    """A value known to be wrong: what stands in the source, what to do, and who said so."""

    department_code: Text
    item_code: Text
    area_code: AreaCode
    period: Annotated[str, StringConstraints(pattern=r"^[0-9]{4}(-[0-9]{2}){0,2}$")]
    expected_value: Number
    action: Literal["replace", "exclude"]
    corrected_value: Number | None = None
    reason_zh: Text
    provider: Text


@dataclass(frozen=True, config=_STRICT, kw_only=True)
class Examination(Row):
    """The examination of a year: the days it looks at (both included) and the area where nothing else is said."""

    system: Text
    year: Whole
    period_start: Day
    period_end: Day
    default_area_code: AreaCode


@dataclass(frozen=True, config=_STRICT, kw_only=True)
class Campaign(Row):
    """When departments report in the examination of a year: every due day from ``first_due`` to ``last_due``.

    ``cutoff`` is the time of day at which a report is late. Where ``move_holidays``, a due date that is no working
    day moves to the next one; the period keeps the name of the nominal date.
    """

    system: Text
    year: Whole
    first_due: Day
    last_due: Day
    due_days: DaysOfMonth
    cutoff: TimeOfDay
    move_holidays: YesNo


@dataclass(frozen=True, config=_STRICT, kw_only=True)
class ProblemTheme(Row):
    """A theme by which problems are grouped: the first one (by ``sort_order``) with a keyword in the text."""

    code: SnakeCode
    name_zh: Text
    name_en: Text
    keywords: Texts = ()
    sort_order: Whole


@dataclass(frozen=True, config=_STRICT, kw_only=True)
class Peer(Row):
    """An area that the city is compared with (比较对象): ``city``, which is ranked with ours, or ``province``, a
    reference. What its ``peer_group`` is called is said in sentences: 山西省地级市.
    """

    area_code: AreaCode
    kind: Literal["city", "province"]
    peer_group: Text
    reason_zh: Text
    source: str | None = None


#: Feeds of which items are measured.
MeasuredFeed = Literal["layers", "imagery", "mobility", "air_quality"]


@dataclass(frozen=True, config=_STRICT, kw_only=True)
class LayerKind(Row):
    """A kind of layer (图层类别): vector layers of feed ``layers``, rasters of ``imagery``, movement data of
    ``mobility``, station readings of ``air_quality``.

    ``tiles``: its polygons cover ground once, an overlap is a fault. ``attributes`` a feature must have (of movement
    data: the columns), ``bands`` a scene must have. ``parameters``: the rules by which movement data are cleaned.
    """

    code: SnakeCode
    name_zh: Text
    name_en: Text
    feed: MeasuredFeed
    geometry: Literal["point", "line", "polygon", "any"] | None = None
    tiles: YesNo = False
    attributes: Texts = ()
    bands: Texts = ()
    parameters: Parameters = field(default_factory=dict)
    notes: str | None = None


@dataclass(frozen=True, config=_STRICT, kw_only=True)
class Measurement(Row):
    """How an item is measured (测算口径): the first of ``layer_kinds`` gives the year.

    ``method`` and ``version`` name a function of :mod:`cityhealth.measurement`, ``parameters`` go to it. A scene of
    which less than ``min_valid_share`` (0 to 1) of an area was seen, or a year of which a smaller part of the days was
    observed, gives no value.
    """

    code: SnakeCode
    item_code: SnakeCode
    feed: MeasuredFeed
    layer_kinds: Texts
    method: SnakeCode
    version: Whole
    parameters: Parameters = field(default_factory=dict)
    min_valid_share: Number | None = None
    notes: str | None = None


@dataclass(frozen=True, config=_STRICT, kw_only=True)
class Station(Row):
    """An air-quality station (空气质量监测站点): its national code, and where it stands (degrees of CGCS2000).

    A ``reference`` station (清洁对照点) is watched, and is no part of the city's mean.
    """

    code: Annotated[str, StringConstraints(pattern=r"^[0-9]{4,6}[A-Z]?$")]
    name_zh: Text
    area_code: AreaCode
    lon: Number | None = None
    lat: Number | None = None
    reference: YesNo = False
    valid_from: Day | None = None
    valid_to: Day | None = None
    notes: str | None = None

    def is_valid_at(self, day: date) -> bool:
        """Whether the station stands on that day."""
        return (self.valid_from or date.min) <= day <= (self.valid_to or date.max)


@dataclass(frozen=True, config=_STRICT, kw_only=True)
class WarningRule(Row):
    """A rule of early warning (预警规则) over a ``series`` that is watched: yellow or red is raised where the value
    reaches its ``_on`` limit, and cleared only where it is back beyond its ``_off`` limit (hysteresis).

    ``direction`` is the side on which it is worse: ``above`` or ``below`` the limits. A rule of ``kind`` silence is
    raised where a station or feed has brought nothing for so many hours. ``hours``: so many values in a row must reach
    a limit before it is raised (of silence, not used).
    """

    code: SnakeCode
    name_zh: Text
    name_en: Text
    kind: Literal["limit", "silence"]
    series: SnakeCode
    direction: Literal["above", "below"]
    yellow_on: Number
    yellow_off: Number
    red_on: Number | None = None
    red_off: Number | None = None
    unit: Text
    hours: Whole = 1
    indicator_code: IndicatorCode | None = None
    department_code: SnakeCode
    advice_zh: Text
    notes: str | None = None


@dataclass(frozen=True, config=_STRICT, kw_only=True)
class ProblemRule(Row):
    """When something is a problem of the city (城市病清单): a ``condition`` over what a ``source`` says.

    ``bottom_line``: a bottom-line indicator misses its target; ``score_below`` and ``satisfaction_below``: fewer points
    than ``threshold`` (of 100); ``decline_above`` and ``worse_than_median``: worse than last year, or than the median
    of the peer cities, by more than that share. Of several rules that are met the worst ``severity`` counts, then the
    first.
    """

    code: SnakeCode
    name_zh: Text
    source: Literal["indicator", "survey", "third_party", "peer"]
    condition: Literal["bottom_line", "score_below", "decline_above", "satisfaction_below", "worse_than_median"]
    threshold: Number | None = None
    severity: Literal["high", "medium", "low"]
    sort_order: Whole
    description_zh: Text


@dataclass(frozen=True, config=_STRICT, kw_only=True)
class SystemPart(Row):
    """How many indicators a system of one year has in one dimension or level."""

    system: Text
    year: Whole
    dimension_code: Text
    indicator_count: Whole
    source: str | None = None
    notes: str | None = None


@dataclass(frozen=True, config=_STRICT, kw_only=True)
class Comparability(Row):
    """What is known of joining a series of one system and year with one of another (可比性).

    ``kind`` ``same``: the two are one series; all others are breaks. An empty code is every indicator of that year;
    ``to_name_zh`` names what a code cannot, since none was obtained.
    """

    from_system: Text
    from_year: Whole
    from_code: IndicatorCode | None = None
    to_system: Text
    to_year: Whole
    to_code: IndicatorCode | None = None
    to_name_zh: str | None = None
    kind: Literal["structure", "grain", "definition", "scope", "same"]
    note_zh: Text
    note_en: Text
    source: str | None = None


Audience = Literal["ministry", "public", "third_party"]


@dataclass(frozen=True, config=_STRICT, kw_only=True)
class Publication(Row):
    """What of a mart may go out to an audience (对外提供): these ``columns`` of the rows that meet ``conditions``.

    ``conditions``: ``column=value|value`` or ``column!=value``, all of which must hold. No columns: nothing of it goes
    out, and ``reason_zh`` says why. A mart that has no row goes to nobody.
    """

    audience: Audience
    mart: SnakeCode
    title_zh: Text
    columns: Texts = ()
    conditions: Conditions = ()
    reason_zh: Text
    notes: str | None = None


#: File → its row, and the columns that identify one.
FILES: Mapping[str, tuple[type[Row], tuple[str, ...]]] = {
    "dimensions.csv": (Dimension, ("code",)),
    "indicators.csv": (Indicator, ("system", "year", "code")),
    "items.csv": (Item, ("code",)),
    "targets.csv": (Target, ("system", "year", "code", "kind")),
    "departments.csv": (Department, ("code",)),
    "areas.csv": (Area, ("code", "valid_from")),
    "work_blocks.csv": (WorkBlock, ("code",)),
    "responsibilities.csv": (Responsibility, ("block_code", "department_code")),
    "grading.csv": (Grading, ("kind", "code")),
    "units.csv": (Unit, ("unit",)),
    "source_priority.csv": (SourcePriority, ("item_code", "source_kind")),
    "corrections.csv": (Correction, ("department_code", "item_code", "area_code", "period")),
    "examination.csv": (Examination, ("system", "year")),
    "campaign.csv": (Campaign, ("system", "year")),
    "problem_themes.csv": (ProblemTheme, ("code",)),
    "layer_kinds.csv": (LayerKind, ("code",)),
    "measurements.csv": (Measurement, ("code",)),
    "stations.csv": (Station, ("code",)),
    "warning_rules.csv": (WarningRule, ("code",)),
    "peers.csv": (Peer, ("area_code",)),
    "systems.csv": (SystemPart, ("system", "year", "dimension_code")),
    "comparability.csv": (
        Comparability,
        ("from_system", "from_year", "from_code", "to_system", "to_year", "to_code", "to_name_zh", "kind"),
    ),
    "publication.csv": (Publication, ("audience", "mart")),
    "problem_rules.csv": (ProblemRule, ("code",)),
}
