"""The hourly cycle of early warning: new readings in, warnings evaluated, and what people are to be told of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal

from cityhealth.catalogue import load
from cityhealth.feeds.pipeline import collect_feed
from cityhealth.settings import CITY_TIMEZONE, Settings
from cityhealth.warehouse.connections import Warehouse

if TYPE_CHECKING:
    from cityhealth.transform.monitor import Evaluation, Warned

#: The feed whose files come every hour; of others, warnings look at what their own DAGs have brought.
HOURLY_FEED = "air_quality"
_KEY = "%Y-%m-%dT%H"
_HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Change:
    """What has become of a rule's warning of a subject since people were last told. ``warned`` is None where the
    warning is no longer there at all: values that came late have undone it, or its rule is no more."""

    kind: Literal["raised", "worsened", "cleared"]
    rule_code: str
    subject: str
    warned: Warned | None
    raised_at: datetime

    @property
    def level(self) -> str:
        """As ``ops.warning_told`` has it."""
        return "clear" if self.kind == "cleared" or self.warned is None else self.warned.level

    @property
    def text_zh(self) -> str:
        """The change in a line: what, of whom, why, and what to do."""
        if self.warned is None:
            return f"【撤销】{self.rule_code} {self.subject}：补到的数据表明未达到界限，或规则已停用。"
        title = f"【{_KINDS_ZH[self.kind]}】{self.warned.level_zh} {self.warned.rule_zh}：{self.warned.reason_zh}"
        if self.kind == "cleared":
            return title
        return f"{title}{self.warned.department_zh or ''}：{self.warned.advice_zh}。"


_KINDS_ZH = {"raised": "发出", "worsened": "升级", "cleared": "解除"}


def hour_of(key: str) -> datetime:
    """The hour that a partition key (``2021-07-20T15``) is for, by its beginning.

    Raises:
        ValueError: it is no such key.
    """
    return datetime.strptime(key, _KEY).replace(tzinfo=CITY_TIMEZONE)


def as_of_hour(hour: datetime, now: datetime) -> datetime:
    """The moment as of which the run of an hour evaluates: its end, or now where that has not come."""
    return min(hour + _HOUR, now)


def received_until(hour: datetime, now: datetime) -> datetime:
    """Until when files count for the run of an hour: for one hour after it, in which they are sent."""
    return min(hour + 2 * _HOUR, now)


def take_in(
    settings: Settings,
    warehouse: Warehouse,
    until: datetime,
    run: str = "",
    progress: Callable[[str], None] = lambda message: None,
) -> int:
    """Load and judge the hourly files received up to ``until`` (aware), and derive hours and days; how many files.

    Good days of the year are not measured here: the DAG of the feed does that once a day.

    Raises:
        CityHealthError: a file could not be loaded for a reason that may pass; of the others, hours are derived.
    """
    # pandas comes with it.
    from cityhealth.air.derive import derive

    try:
        judgements = collect_feed(settings, warehouse, HOURLY_FEED, until, run, progress)
    finally:
        derived = derive(warehouse, load(settings.seed_dir))
    progress(f"{len(judgements)} files judged; {derived.hours} hours and {derived.days} days of air are new or changed")
    return len(judgements)


def untold(warehouse: Warehouse, evaluation: Evaluation) -> list[Change]:
    """What people have not been told yet: warnings raised, worsened from yellow to red, or cleared.

    One that stands is not told twice, also where late values move its beginning; nor is the way from red to yellow.
    One that was raised after the told one had ended is told, though no run came in between.
    """
    with warehouse.connect("transformer") as connection:
        rows = connection.execute("select rule_code, subject, level, raised_at from ops.warning_told").fetchall()
        cleared = {
            (rule, subject): moment
            for rule, subject, moment in connection.execute(
                "select rule_code, subject, max(cleared_at) from marts.indicator_warning"
                " where cleared_at is not null group by rule_code, subject"
            )
        }
    told = {(rule, subject): (level, raised_at) for rule, subject, level, raised_at in rows}
    latest = {(warned.rule_code, warned.subject): warned for warned in evaluation.latest}
    found: list[Change] = []
    for key, warned in latest.items():
        level, raised_at = told.get(key, ("clear", warned.raised_at))
        # The one that was told has ended meanwhile, and another stands.
        ended = key in cleared and raised_at < cleared[key] <= warned.raised_at
        if warned.cleared_at is None and (level == "clear" or ended):
            found.append(Change("raised", *key, warned, warned.raised_at))
        elif warned.level == "red" and level == "yellow":
            found.append(Change("worsened", *key, warned, warned.raised_at))
        elif warned.cleared_at is not None and level != "clear":
            # Where the warning that was told is undone, the one before it says nothing of why.
            reason = warned if warned.cleared_at > raised_at else None
            found.append(Change("cleared", *key, reason, raised_at))
    for key, (level, raised_at) in told.items():
        if level != "clear" and key not in latest:
            found.append(Change("cleared", *key, None, raised_at))
    return found


def mark_told(warehouse: Warehouse, changes: Sequence[Change]) -> None:
    """Keep that people were told, so that they are not told again; and what fell from red to yellow, so that they are
    told when it is red again."""
    with warehouse.connect("transformer") as connection, connection.cursor() as cursor:
        cursor.executemany(
            "insert into ops.warning_told (rule_code, subject, level, raised_at) values (%s, %s, %s, %s)"
            " on conflict (rule_code, subject) do update set level = excluded.level, raised_at = excluded.raised_at,"
            " told_at = clock_timestamp()",
            [(change.rule_code, change.subject, change.level, change.raised_at) for change in changes],
        )
        cursor.execute(
            "update ops.warning_told as told set level = 'yellow' from marts.indicator_warning as warned"
            " where warned.rule_code = told.rule_code and warned.subject = told.subject and told.level = 'red'"
            " and warned.cleared_at is null and warned.level = 'yellow'"
        )
