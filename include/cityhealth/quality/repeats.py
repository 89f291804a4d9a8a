"""Lines of one file that are about the same thing: whether they say the same, and where the others stand."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import Any


def mark_repeats(
    rows: Iterable[dict[str, Any]],
    about: Callable[[dict[str, Any]], Hashable | None],
    said: Callable[[dict[str, Any]], Hashable],
) -> None:
    """Set ``duplicate_kind`` and ``duplicate_cells`` of each row.

    ``about``: what a line is about, None: nothing that others could repeat. ``said``: what it says of that. The kind is
    ``conflict`` where the lines say different things, ``same`` of all but the first where they agree, else None. The
    cells are those of the other lines, as a receipt names them. Blank lines repeat nothing.
    """
    together: dict[Hashable, list[dict[str, Any]]] = {}
    for row in rows:
        row["duplicate_kind"] = row["duplicate_cells"] = None
        thing = about(row) if row["state"] != "blank" else None
        if thing is not None:
            together.setdefault(thing, []).append(row)
    for same in together.values():
        if len(same) == 1:
            continue
        differ = len({said(row) for row in same}) > 1
        for number, row in enumerate(same):
            others = (other for other in same if other is not row)
            row["duplicate_cells"] = "、".join(f"「{other['sheet']}」{other['cell']}" for other in others)
            # Of equal lines the first counts.
            row["duplicate_kind"] = "conflict" if differ else "same" if number else None
