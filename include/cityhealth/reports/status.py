"""What landed, was loaded, was refused, is missing: read from the landing zone, raw, gate and the duty list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from cityhealth.catalogue import Catalogue
from cityhealth.landing import Arrival, LandingZone
from cityhealth.settings import CITY_TIMEZONE
from cityhealth.warehouse.connections import Warehouse


@dataclass(frozen=True)
class FeedStatus:
    """Counts of one feed; ``waiting`` are arrivals of the landing zone that no batch holds yet.

    ``measured`` are values accepted of those that were measured from its files; ``rows_…`` are of the files alone.
    """

    feed: str
    waiting: tuple[Arrival, ...]
    landed: int
    accepted: int
    partly: int
    refused: int
    not_judged: int
    rows_in: int
    rows_accepted: int
    rows_refused: int
    measured: int

    def __str__(self) -> str:
        files = f"{self.accepted} accepted, {self.partly} partly, {self.refused} refused"
        rows = f"{self.rows_in} rows in = {self.rows_accepted} accepted + {self.rows_refused} refused"
        measured = f"; {self.measured} values measured" if self.measured else ""
        return f"{self.feed}: {self.landed} files in: {files}; {rows}{measured}"


@dataclass(frozen=True)
class Refusal:
    """A file of which nothing was accepted, or a part was refused, with its first reason and its receipt."""

    filename: str
    department_text: str | None
    received_at: datetime
    verdict: str
    rows_refused: int
    reason_zh: str
    receipt_path: str | None


@dataclass(frozen=True)
class Missing:
    """What a department has not handed in: accepted so far, owed in all, and the first few names."""

    department_zh: str
    owed: int
    accepted: int
    missing_zh: tuple[str, ...]


def feed_status(warehouse: Warehouse, landing: LandingZone, feeds: Sequence[str]) -> list[FeedStatus]:
    """One row per feed."""
    with warehouse.connect("loader") as connection:
        counts = {
            row[0]: row[1:]
            for row in connection.execute(
                "select batch.feed,"
                " count(*) filter (where verdict = 'accepted' and handed_in),"
                " count(*) filter (where verdict = 'partly' and handed_in),"
                " count(*) filter (where verdict = 'refused' and handed_in),"
                " count(*) filter (where verdict is null and handed_in),"
                " coalesce(sum(rows_in) filter (where handed_in), 0),"
                " coalesce(sum(rows_accepted) filter (where handed_in), 0),"
                " coalesce(sum(rows_refused) filter (where handed_in), 0),"
                " coalesce(sum(rows_accepted) filter (where not handed_in), 0)"
                " from (select *, raw_table <> 'measured_value' as handed_in from raw.standing_batch) as batch"
                " left join gate.current_run using (batch_id) group by batch.feed"
            ).fetchall()
        }
        loaded = {row[0] for row in connection.execute("select arrival_id from raw.batch").fetchall()}
    result = []
    for feed in feeds:
        arrivals = landing.arrivals(feed)
        waiting = tuple(arrival for arrival in arrivals if arrival.arrival_id not in loaded)
        none = (0,) * 8
        result.append(FeedStatus(feed, waiting, len(arrivals), *(int(n) for n in counts.get(feed, none))))
    return result


def refusals(warehouse: Warehouse) -> list[Refusal]:
    """Files that were refused, whole or in part, newest first."""
    with warehouse.connect("loader") as connection:
        rows = connection.execute(
            "select filename, department_text, received_at, verdict, rows_refused,"
            " coalesce((select reason_zh from gate.failing_row f where f.gate_run_id = r.gate_run_id"
            "   and f.severity = 'critical' order by line_no nulls first, rule_code limit 1), ''), receipt_path"
            " from gate.current_run r where verdict <> 'accepted' order by received_at desc, filename"
        ).fetchall()
    return [
        Refusal(filename, department, received_at.astimezone(CITY_TIMEZONE), verdict, refused, reason, receipt)
        for filename, department, received_at, verdict, refused, reason, receipt in rows
    ]


def missing(warehouse: Warehouse, catalogue: Catalogue) -> list[Missing]:
    """Per department that misses something: what of its duty list has no accepted value (nor an accepted 不适用)."""
    with warehouse.connect("loader") as connection:
        held = set(
            connection.execute(
                "select distinct department_code, item_code, area_code, period from gate.current_item_value"
                " where verdict = 'accepted' and state in ('value', 'not_applicable')"
            ).fetchall()
        )
    result = []
    for department in catalogue.departments:
        duties = catalogue.duty_list(department.code)
        open_duties = [d for d in duties if (department.code, d.item.code, d.area.code, d.period.key) not in held]
        if open_duties:
            names = tuple(f"{d.item.name_zh}（{d.area.name_zh}，{d.period.key}）" for d in open_duties)
            result.append(Missing(department.name_zh, len(duties), len(duties) - len(open_duties), names))
    return result
