"""The documents of a period: rendered from the marts, put into the outbox, recorded with their sha256."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import psycopg

from cityhealth.campaigns import reporting_periods
from cityhealth.catalogue import load_campaigns
from cityhealth.hashing import sha256_hex
from cityhealth.outbox import deliver
from cityhealth.reports.annex import render_annex
from cityhealth.reports.brief import brief_template, render_brief
from cityhealth.reports.reading import NoSummary, read_summary
from cityhealth.reports.summary import Summary
from cityhealth.settings import Settings
from cityhealth.warehouse.connections import Warehouse

#: Any number: with the period's hash the lock of whoever publishes that period.
_PUBLISH_LOCK = 720_141


@dataclass(frozen=True)
class Document:
    """A document that stands in the outbox; ``kind`` is ``brief`` (.docx) or ``annex`` (.xlsx)."""

    period: str
    edition: int
    kind: str
    path: str
    sha256: str
    size_bytes: int


def publish(warehouse: Warehouse, settings: Settings, key: str) -> list[Document]:
    """Render brief and annex of the period ``key`` (``2021-06-05``), latest successful edition, into the outbox.

    Doing so again leaves files and records as they are, unless something in them changed. Where the period after was
    published before this one, its brief is rendered again: it says which warnings are new. Any number of periods may
    be published at once.

    Raises:
        NoSuchPeriod: ``key`` is the due date of no campaign.
        NoSummary: no edition of the period succeeded.
        BriefTemplateError, SettingsError: the office's own template cannot be used.
        WarehouseError: the database is not there.
    """
    with _alone_with(warehouse, key) as connection:
        documents = _publish(connection, warehouse, settings, key)
    following = _period_after(settings, key)
    if following is not None:
        # Without an edition that succeeded it is being computed again, and will be published by that run.
        with _alone_with(warehouse, following) as connection, suppress(NoSummary):
            if _was_published(connection, following):
                _publish(connection, warehouse, settings, following)
    return documents


def document_names(summary: Summary) -> dict[str, str]:
    """Kind → file name: ``城市体检工作简报_2021年第2期_第1版.docx``."""
    issue = f"{summary.period.year}年第{summary.period.number}期_第{summary.edition}版"
    return {"brief": f"城市体检工作简报_{issue}.docx", "annex": f"城市体检工作附表_{issue}.xlsx"}


def _publish(connection: psycopg.Connection, warehouse: Warehouse, settings: Settings, key: str) -> list[Document]:
    # Read under the lock: of two that publish one period, whoever comes last has read last.
    summary = read_summary(warehouse, settings, key)
    names = document_names(summary)
    rendered = {
        "brief": render_brief(summary, names["annex"], brief_template(settings.environ)),
        "annex": render_annex(summary),
    }
    documents = []
    for kind, data in rendered.items():
        path = deliver(settings.outbox_url, f"summaries/{key}/{names[kind]}", data)
        documents.append(Document(key, summary.edition, kind, path, sha256_hex(data), len(data)))
    for document in documents:
        _record(connection, document)
    return documents


def _record(connection: psycopg.Connection, document: Document) -> None:
    """One row per rendering that differs; one that comes back after another becomes the newest again."""
    connection.execute(
        "insert into ops.document as known (period, edition, kind, path, sha256, size_bytes)"
        " values (%(period)s, %(edition)s, %(kind)s, %(path)s, %(sha256)s, %(size_bytes)s)"
        " on conflict (period, edition, kind, sha256) do update"
        " set path = excluded.path, rendered_at = clock_timestamp()"
        " where known.path <> excluded.path or exists (select from ops.document as other"
        "   where other.period = known.period and other.edition = known.edition and other.kind = known.kind"
        "   and other.rendered_at > known.rendered_at)",
        vars(document),
    )


@contextmanager
def _alone_with(warehouse: Warehouse, key: str) -> Iterator[psycopg.Connection]:
    """Hold the lock of publishing that period; it ends with the connection."""
    with warehouse.connect("transformer", autocommit=True) as connection:
        connection.execute("select pg_advisory_lock(%s, hashtext(%s))", (_PUBLISH_LOCK, key))
        yield connection


def _period_after(settings: Settings, key: str) -> str | None:
    for campaign in load_campaigns(settings.seed_dir):
        keys = [period.key for period in reporting_periods(campaign)]
        if key in keys[:-1]:
            return keys[keys.index(key) + 1]
    return None


def _was_published(connection: psycopg.Connection, key: str) -> bool:
    return connection.execute("select from ops.document where period = %s limit 1", (key,)).fetchone() is not None
