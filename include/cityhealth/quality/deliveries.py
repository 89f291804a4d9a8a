"""What subjects share of which an arrival is a manifest with files: one kind for all, a row per file, one for all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from cityhealth.catalogue import LayerKind
from cityhealth.quality.batch import BATCH_LINE, BatchFacts, Candidates
from cityhealth.quality.lookup import Lookup

#: Feed → what its kinds are kinds of.
FEEDS_ZH: Mapping[str, str] = {
    "layers": "矢量图层", "imagery": "影像", "mobility": "移动数据", "air_quality": "站点读数",
}  # fmt: skip


def kind_of(text: str, feed: str, lookup: Lookup) -> tuple[LayerKind | None, str | None]:
    """The kind that a manifest of a feed states, or in Chinese what is wrong with it."""
    noun = FEEDS_ZH[feed]
    if not text:
        return None, f"没有写明{noun}类别（kind）"
    found = lookup.catalogue.layer_kind(text)
    if found is None:
        return None, f"没有{noun}类别「{text}」"
    if found.feed != feed:
        return None, f"「{text}」（{found.name_zh}）是{FEEDS_ZH[found.feed]}，不是{noun}"
    return found, None


def candidates_of(
    rows: Iterable[Mapping[str, Any]],
    whole: Mapping[str, Any],
    columns: Iterable[str],
    batch: BatchFacts,
    lookup: Lookup,
) -> Candidates:
    """``rows`` of the files and what is to be said of the ``whole``, with all ``columns`` that rules may ask for.

    The department is the one that is announced.
    """
    frame = pd.DataFrame([*rows, {"kind": "batch", "line_no": BATCH_LINE, **whole}])
    announced = batch.arrival.department_text
    sender = lookup.department(announced) if announced and announced.strip() else None
    every = dict.fromkeys([*columns, "state", "sheet", "cell", "cells", *frame.columns])
    return Candidates(frame.reindex(columns=list(every)).assign(department_code=sender), sender)
