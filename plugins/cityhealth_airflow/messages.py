"""Messages to people, by e-mail or into a chat, through Airflow's own notifiers; off until configured.

``CITYHEALTH_NOTIFY`` lists the channels, ``smtp:<connection>`` and ``apprise:<connection>`` (DingTalk, WeCom and what
else Apprise knows), ``CITYHEALTH_NOTIFY_TO`` the addresses for e-mail. A message that cannot be sent is logged; it
fails nothing.
"""

from __future__ import annotations

import html
import logging
import os
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cityhealth.campaigns import ReportingPeriod
    from cityhealth.monitoring import Change
    from cityhealth.reports.publish import Document

log = logging.getLogger(__name__)


def tell(title: str, body: str) -> None:
    """Send a message through every configured channel; one that fails does not keep the others from it."""
    for channel in _words(os.environ.get("CITYHEALTH_NOTIFY", "")):
        kind, _, connection = channel.partition(":")
        try:
            if kind not in _SENDERS or not connection:
                raise ValueError(
                    f"CITYHEALTH_NOTIFY: {channel!r} is neither smtp:<connection> nor apprise:<connection>"
                )
            _SENDERS[kind](connection, title, body)
        except Exception:
            log.exception("the message %r was not sent through %s", title, channel)
        else:
            log.info("message %r sent through %s", title, channel)


def task_failed(name: str, run_id: str, reason: object, section: str) -> None:
    """Tell that a task is lost, once its retries are used up."""
    tell(
        f"城市体检：{name} 失败 failed",
        f"run {run_id}\n{reason}\n\nWhat to do: docs/runbook.md, section {section}",
    )


def summary_is_out(context: Any, period: ReportingPeriod, documents: Sequence[Document]) -> None:
    """Tell that a period's documents are there, in a sentence; not during a backfill, which makes many at once."""
    if context["dag_run"].run_type == "backfill" or not _words(os.environ.get("CITYHEALTH_NOTIFY", "")):
        return
    from cityhealth.settings import from_environment
    from cityhealth.summaries import headline
    from cityhealth.warehouse.connections import warehouse

    paths = "\n".join(document.path for document in documents)
    tell(f"半月小结 {period.key}", f"{headline(warehouse(from_environment()), period)}\n\n{paths}")


def summary_is_late(context: Mapping[str, Any]) -> None:
    """What the deadline of ``semimonthly_summary`` calls: the run has not ended in time. Recorded, and told."""
    from cityhealth.settings import from_environment
    from cityhealth.warehouse.connections import warehouse
    from cityhealth.warehouse.outcomes import Outcome, record

    run = context["dag_run"]
    key, deadline = run["partition_key"] or run["dag_run_id"], context["deadline"]["deadline_time"]
    text = f"the summary of {key} is late: its run {run['dag_run_id']} should have ended by {deadline}"
    log.error("%s. What to do: docs/runbook.md, section semimonthly_summary", text)
    try:
        outcome = Outcome(None, "built", "semimonthly_summary.deadline", False, text, run["dag_run_id"])
        record(warehouse(from_environment()), "loader", [outcome])
    except Exception:
        log.exception("that could not be recorded in ops.outcome")
    tell(f"半月小结 {key} 迟了 late", f"{text}\n\nWhat to do: docs/runbook.md, section semimonthly_summary")


def warnings_changed(changes: Sequence[Change]) -> None:
    """Tell what has become of warnings, all of one run in one message."""
    counts = [
        f"{word} {number} 项"
        for kind, word in (("raised", "发出"), ("worsened", "升级"), ("cleared", "解除"))
        if (number := sum(change.kind == kind for change in changes))
    ]
    if counts:
        tell(f"指标预警：{'，'.join(counts)}", "\n".join(change.text_zh for change in changes))


def _by_mail(connection: str, title: str, body: str) -> None:
    from airflow.providers.smtp.notifications.smtp import SmtpNotifier

    to = _words(os.environ.get("CITYHEALTH_NOTIFY_TO", ""))
    if not to:
        raise ValueError("CITYHEALTH_NOTIFY_TO names no address")
    text = html.escape(body).replace("\n", "<br>\n")
    # notify, not a call: a text with braces in it is no template.
    SmtpNotifier(to=to, subject=title, html_content=text, smtp_conn_id=connection).notify({})


def _by_apprise(connection: str, title: str, body: str) -> None:
    from airflow.providers.apprise.notifications.apprise import AppriseNotifier

    AppriseNotifier(title=title, body=body, apprise_conn_id=connection).notify({})


_SENDERS: Mapping[str, Callable[[str, str, str], None]] = {"smtp": _by_mail, "apprise": _by_apprise}


def _words(text: str) -> list[str]:
    return [word for part in text.split(",") if (word := part.strip())]
