"""Kinds of layers, how items are measured from them, and what is warned of."""

from __future__ import annotations

from collections.abc import Iterator
from typing import get_args

from cityhealth.catalogue.findings import Finding
from cityhealth.catalogue.rows import MeasuredFeed
from cityhealth.catalogue.rules.book import Book


def kinds_are_of_their_feed(book: Book) -> Iterator[Finding]:
    """A layer has a geometry, an image bands, movement data cleaning rules; areas that must tile are polygons."""
    for placed in book.tables["layer_kinds.csv"]:
        kind = placed.row
        if (kind.feed == "layers") != (kind.geometry is not None):
            yield placed.finding("geometry", "矢量图层须写明几何类型，其他来源不写")
        if kind.feed == "imagery" and kind.attributes:
            yield placed.finding("attributes", "影像没有属性字段")
        if kind.feed != "imagery" and kind.bands:
            yield placed.finding("bands", "只有影像有波段")
        if (kind.feed == "mobility") != bool(kind.parameters):
            yield placed.finding("parameters", "移动数据须写明清洗规则，其他来源不写")
        if kind.tiles and kind.geometry != "polygon":
            yield placed.finding("tiles", "只有面状图层才谈得上重叠")


def measurements_can_be_made(book: Book) -> Iterator[Finding]:
    """The kind that is measured comes with the feed; a least share seen is asked of imagery and of stations."""
    feeds = {placed.row.code: placed.row.feed for placed in book.tables["layer_kinds.csv"]}
    for placed in book.tables["measurements.csv"]:
        row = placed.row
        if not row.layer_kinds:
            yield placed.finding("layer_kinds", "没有写明依据哪些图层")
        elif feeds.get(row.layer_kinds[0], row.feed) != row.feed:
            yield placed.finding("layer_kinds", f"第一个图层类别「{row.layer_kinds[0]}」应属于来源 {row.feed}")
        if (row.feed in ("imagery", "air_quality")) != (row.min_valid_share is not None):
            yield placed.finding("min_valid_share", "影像、空气质量测算须写明最低有效比例，其他测算不写")
        elif row.min_valid_share is not None and not 0 < row.min_valid_share <= 1:
            yield placed.finding("min_valid_share", "应大于 0、不大于 1")


def an_item_is_measured_once_per_feed(book: Book) -> Iterator[Finding]:
    """Two measurements of one item from one feed would replace each other; the other way needs an item of its own."""
    first: dict[tuple[str, str, object], str] = {}
    for placed in book.tables["measurements.csv"]:
        key = (placed.row.item_code, placed.row.feed, placed.row.known_from)
        code = first.setdefault(key, placed.row.code)
        if code != placed.row.code:
            yield placed.finding("item_code", f"测算「{code}」已经测算同一数据项")


#: What ``marts.monitored_value`` holds; of silence also ``feed_<feed>``.
SERIES = {
    "limit": {"air_aqi_hour", "station_pm2_5_hour", "good_day_share", "peak_speed_day"},
    "silence": {"air_station"} | {f"feed_{feed}" for feed in get_args(MeasuredFeed)},
}


def warnings_watch_a_series(book: Book) -> Iterator[Finding]:
    """A rule over a series that nobody keeps would never be raised."""
    for placed in book.tables["warning_rules.csv"]:
        if placed.row.series not in SERIES[placed.row.kind]:
            known = "、".join(sorted(SERIES[placed.row.kind]))
            yield placed.finding("series", f"没有监测序列「{placed.row.series}」，应为 {known} 之一")


def warnings_are_cleared_beyond_their_limits(book: Book) -> Iterator[Finding]:
    """A limit that clears lies on the better side of the one that raises, and red is worse than yellow."""
    for placed in book.tables["warning_rules.csv"]:
        rule = placed.row
        worse = 1 if rule.direction == "above" else -1
        for level in ("yellow", "red"):
            on, off = getattr(rule, f"{level}_on"), getattr(rule, f"{level}_off")
            if (on is None) != (off is None):
                yield placed.finding(f"{level}_off", "发出与解除的界限须同时写明")
            elif on is not None and (on - off) * worse < 0:
                yield placed.finding(f"{level}_off", "解除的界限不能比发出的界限更差")
        if rule.red_on is not None and (rule.red_on - rule.yellow_on) * worse < 0:
            yield placed.finding("red_on", "红色的界限不能比黄色的更宽")
        if rule.kind == "silence" and rule.direction != "above":
            yield placed.finding("direction", "中断预警看多少小时没有数据，应为 above")
        if rule.hours < 1:
            yield placed.finding("hours", "至少为 1")
