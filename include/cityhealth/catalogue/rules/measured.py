"""Kinds of layers, and how items are measured from them."""

from __future__ import annotations

from collections.abc import Iterator

from cityhealth.catalogue.findings import Finding
from cityhealth.catalogue.rules.book import Book


def kinds_are_of_their_feed(book: Book) -> Iterator[Finding]:
    """A vector layer has a geometry and attributes, an image bands; areas that must tile are polygons."""
    for placed in book.tables["layer_kinds.csv"]:
        kind = placed.row
        if (kind.feed == "layers") != (kind.geometry is not None):
            yield placed.finding("geometry", "矢量图层须写明几何类型，影像不写")
        if kind.feed == "imagery" and kind.attributes:
            yield placed.finding("attributes", "影像没有属性字段")
        if kind.feed == "layers" and kind.bands:
            yield placed.finding("bands", "矢量图层没有波段")
        if kind.tiles and kind.geometry != "polygon":
            yield placed.finding("tiles", "只有面状图层才谈得上重叠")


def measurements_can_be_made(book: Book) -> Iterator[Finding]:
    """The kind that is measured comes with the feed; a least share seen is asked of imagery, and is a share."""
    feeds = {placed.row.code: placed.row.feed for placed in book.tables["layer_kinds.csv"]}
    for placed in book.tables["measurements.csv"]:
        row = placed.row
        if not row.layer_kinds:
            yield placed.finding("layer_kinds", "没有写明依据哪些图层")
        elif feeds.get(row.layer_kinds[0], row.feed) != row.feed:
            yield placed.finding("layer_kinds", f"第一个图层类别「{row.layer_kinds[0]}」应属于来源 {row.feed}")
        if (row.feed == "imagery") != (row.min_valid_share is not None):
            yield placed.finding("min_valid_share", "影像测算须写明最低有效覆盖比例，矢量测算不写")
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
