"""What is to be said about the half-month summaries: which of them are overdue, and in one sentence what one says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cityhealth.campaigns import ReportingPeriod, periods_due
from cityhealth.catalogue import Campaign, load_campaigns
from cityhealth.settings import Settings
from cityhealth.warehouse.connections import Warehouse

#: How long after its cut-off a period may be without summary: the run needs a while.
GRACE = timedelta(hours=1)


@dataclass(frozen=True)
class Overdue:
    """Reporting periods that should have a summary and have none, oldest first, and what to type; false if there is
    none.

    ``lost`` are those that have an edition, or reports, but nothing in the marts.
    """

    periods: tuple[str, ...]
    lost: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.periods or self.lost)

    def __str__(self) -> str:
        missing = sorted({*self.periods, *self.lost})
        what = [f"period without summary 报送期没有小结: {', '.join(self.periods)}"] if self.periods else []
        what += [f"not in the marts 数据集市中没有: {', '.join(self.lost)}"] if self.lost else []
        command = f"cityhealth backfill semimonthly_summary --from {missing[0]} --to {missing[-1]}"
        return f"{'; '.join(what)} — {command}"


def overdue_summaries(warehouse: Warehouse, settings: Settings, now: datetime) -> Overdue:
    """The periods without summary at ``now``.

    A campaign counts from the first period for which a report was accepted or a summary made: what was over before
    the city began to report here is nobody's debt.
    """
    from cityhealth.transform.editions import periods_without_summary

    campaigns = load_campaigns(settings.seed_dir)
    with warehouse.connect("transformer") as connection:
        reported = _keys(
            connection.execute(
                "select distinct period::text from gate.current_progress_line"
                " where verdict = 'accepted' and period is not null"
            )
        )
        summarised = _keys(connection.execute("select distinct period from ops.edition where status = 'success'"))
        # Before the first summary there is no such mart.
        exists = connection.execute("select to_regclass('marts.semimonthly_summary') is not null").fetchone()
        shown = (
            _keys(connection.execute("select distinct period::text from marts.semimonthly_summary"))
            if exists and exists[0]
            else set()
        )
    moment = now - GRACE
    counted = set(_begun(campaigns, reported | summarised, moment))
    without = [p.key for p in periods_without_summary(warehouse, campaigns, moment) if p.key in counted]
    lost = sorted(summarised & counted - shown)
    return Overdue(tuple(without), tuple(lost))


def _begun(campaigns: Sequence[Campaign], known: set[str], now: datetime) -> list[str]:
    """Keys of the periods that are due, of each campaign from the first one ``known``."""
    keys: list[str] = []
    for campaign in campaigns:
        due = [period.key for period in periods_due([campaign], now)]
        first = next((number for number, key in enumerate(due) if key in known), len(due))
        keys += due[first:]
    return keys


def headline(warehouse: Warehouse, period: ReportingPeriod) -> str:
    """What the summary of a period says, in a sentence: how many departments reported and when, what is done, what is
    difficult."""
    with warehouse.connect("reader") as connection:
        departments = connection.execute(
            "select timeliness_zh, count(*) from marts.department_assessment where period = %s"
            " group by timeliness, timeliness_zh order by timeliness = 'missing', timeliness_zh",
            (period.key,),
        ).fetchall()
        progress = connection.execute(
            "select avg(percent) from marts.work_block_progress where period = %s", (period.key,)
        ).fetchone()
        difficulties = connection.execute(
            "select state_zh, count(*) from marts.difficulty_list where period = %s group by state, state_zh"
            " order by min(array_position(array['raised', 'assigned', 'settled'], state))",
            (period.key,),
        ).fetchall()
    said = ["、".join(f"{label} {number} 个部门" for label, number in departments)]
    if progress and progress[0] is not None:
        said.append(f"各项任务平均完成 {progress[0]:.1f}%")
    if difficulties:
        said.append("难点问题" + "、".join(f"{label} {number} 件" for label, number in difficulties))
    return f"{period.title_zh}：{'；'.join(part for part in said if part)}"


def _keys(cursor) -> set[str]:
    return {row[0] for row in cursor.fetchall()}
