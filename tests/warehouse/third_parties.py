"""Files of a third party as the gate leaves them, written by SQL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import count

from cities import moment

from cityhealth.warehouse.connections import Warehouse

SENDER = "合成研究院"
_numbers = count(1)


@dataclass(frozen=True)
class Found:
    """One line of a third party's file as the gate leaves it."""

    code: str
    value: float | None
    area: str = "T-BUA"
    definition: str | None = None
    period: str = "2020"
    unit_text: str | None = None
    state: str = "value"
    verdict: str = "accepted"


def hand_in_found(warehouse: Warehouse, *files: tuple[float, Sequence[Found]]) -> None:
    """Write files (days after 2021-07-01, nine o'clock, and lines) into raw and gate, as the loader role."""
    with warehouse.connect("loader") as connection:
        for day, lines in files:
            name = f"third-{next(_numbers)}"
            connection.execute(
                "insert into raw.arrival (arrival_id, feed, department_text, filename, sha256, size_bytes, received_at)"
                " values (%s, 'third_party', %s, '第三方.xlsx', %s, 1, %s)",
                (name, SENDER, name.ljust(64, "0"), moment("2021-07-01 09:00") + timedelta(days=day)),
            )
            connection.execute(
                "insert into raw.batch (batch_id, arrival_id, feed, raw_table, rows_read)"
                " values (%s, %s, 'third_party', 'third_party_value', %s)",
                (name, name, len(lines)),
            )
            connection.execute(
                "insert into gate.run (gate_run_id, batch_id, suite, suite_hash, catalogue_hash, verdict, rows_in,"
                " rows_accepted, rows_refused, rows_blank, warnings)"
                " values (%s, %s, 's', 'h', 'c', 'accepted', %s, %s, 0, 0, 0)",
                (name, name, len(lines), len(lines)),
            )
            for number, line in enumerate(lines, start=1):
                connection.execute(
                    "insert into gate.third_party_value (gate_run_id, batch_id, line_no, sender_text, system, year,"
                    " indicator_code, area_code, period, period_start, period_end, value, state, unit_text,"
                    " definition_text, verdict, marked, sheet, cell) values (%s, %s, %s, %s, 'mohurd', 2021, %s, %s,"
                    " %s, %s, %s, %s, %s, %s, %s, %s, false, '评估', %s)",
                    (
                        name, name, number, SENDER, line.code, line.area, line.period, f"{line.period}-01-01",
                        f"{line.period}-12-31", line.value, line.state, line.unit_text, line.definition, line.verdict,
                        f"F{number + 1}",
                    ),
                )  # fmt: skip
