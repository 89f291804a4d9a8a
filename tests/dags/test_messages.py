"""Messages leave only where a channel is configured, and one that cannot leave fails nothing."""

from __future__ import annotations

import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import Message
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from airflow_python import ask

from cityhealth.stack import LocalAirflow

pytestmark = pytest.mark.airflow

#: Tells a message, and tells which libraries for sending came with it.
_TELL = """
import json, logging, sys
from cityhealth_airflow.messages import tell
tell("半月小结 2021-06-05 {{ no template }}", "按时 18 个部门 <b>\\n/outbox/brief.docx")
senders = ("apprise", "aiosmtplib", "airflow.providers.smtp.notifications", "airflow.providers.apprise.notifications")
print(json.dumps([name for name in senders if name in sys.modules]))
"""

#: What the scheduler's executor does with a missed deadline, and what a task does that is lost.
_CALLBACKS = """
import json
from types import SimpleNamespace
from cityhealth_airflow import on_failure
from cityhealth_airflow.messages import summary_is_late
run = {"partition_key": "2021-06-05", "dag_run_id": "scheduled__1"}
summary_is_late(context={"dag_run": run, "deadline": {"id": "1", "deadline_time": "2021-06-05T11:00:00Z"}})
instance = SimpleNamespace(dag_id="check_summaries", task_id="check")
on_failure({"task_instance": instance, "run_id": "scheduled__2", "exception": ValueError("period without summary")})
print(json.dumps("alive"))
"""


class _Mailbox(socketserver.ThreadingTCPServer):
    """As much of an SMTP server as a client needs to hand in a message."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Session)
        self.messages: list[Message] = []

    @property
    def port(self) -> int:
        return self.server_address[1]


class _Session(socketserver.StreamRequestHandler):
    server: _Mailbox

    def handle(self) -> None:
        self._say("220 sink")
        while line := self.rfile.readline():
            command = line.split()[0].upper() if line.split() else b""
            if command == b"DATA":
                self._say("354 go on")
                lines = iter(self.rfile.readline, b".\r\n")
                self.server.messages.append(message_from_bytes(b"".join(lines)))
            self._say("221 bye" if command == b"QUIT" else "250 ok")

    def _say(self, answer: str) -> None:
        self.wfile.write(f"{answer}\r\n".encode())


class _Hook(BaseHTTPRequestHandler):
    server: _Hooks

    def do_POST(self) -> None:
        self.server.posts.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing on the test's output."""


class _Hooks(HTTPServer):
    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Hook)
        self.posts: list[dict] = []


@contextmanager
def serving(server: socketserver.BaseServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def mailbox() -> Iterator[_Mailbox]:
    server = _Mailbox()
    with serving(server):
        yield server


@pytest.fixture
def hooks() -> Iterator[_Hooks]:
    server = _Hooks()
    with serving(server):
        yield server


def mail_connection(port: int) -> str:
    extra = {"disable_ssl": True, "disable_tls": True, "from_email": "cityhealth@example.org", "retry_limit": 1}
    return json.dumps({"conn_type": "smtp", "host": "127.0.0.1", "port": port, "extra": extra})


def chat_connection(port: int) -> str:
    return json.dumps({"conn_type": "apprise", "extra": {"config": {"path": f"json://127.0.0.1:{port}/hook"}}})


def text_of(message: Message) -> str:
    parts = [part for part in message.walk() if part.get_content_maintype() == "text"]
    return "".join(part.get_payload(decode=True).decode() for part in parts)  # type: ignore[union-attr]


def test_without_a_channel_nothing_is_sent_and_nothing_for_sending_is_imported(
    airflow: LocalAirflow, mailbox: _Mailbox
) -> None:
    imported = ask(_TELL, airflow, AIRFLOW_CONN_CITY_MAIL=mail_connection(mailbox.port), CITYHEALTH_NOTIFY="")
    assert imported == []
    assert mailbox.messages == []


def test_mail_and_chat_get_the_message_as_it_is_and_a_channel_that_fails_keeps_no_other_from_it(
    airflow: LocalAirflow, mailbox: _Mailbox, hooks: _Hooks
) -> None:
    imported = ask(
        _TELL,
        airflow,
        CITYHEALTH_NOTIFY="pigeon:coop, smtp:nobody_knows, smtp:city_mail, apprise:city_chat",
        CITYHEALTH_NOTIFY_TO="office@example.org, duty@example.org",
        AIRFLOW_CONN_CITY_MAIL=mail_connection(mailbox.port),
        AIRFLOW_CONN_CITY_CHAT=chat_connection(hooks.server_address[1]),
    )
    assert "apprise" in imported
    (mail,) = mailbox.messages
    assert str(make_header(decode_header(mail["Subject"]))) == "半月小结 2021-06-05 {{ no template }}"
    assert mail["To"] == "office@example.org, duty@example.org"
    assert "按时 18 个部门 &lt;b&gt;<br>\n/outbox/brief.docx" in text_of(mail).replace("\r\n", "\n")
    (post,) = hooks.posts
    assert post["title"] == "半月小结 2021-06-05 {{ no template }}"
    assert post["message"] == "按时 18 个部门 <b>\n/outbox/brief.docx"


def test_a_late_summary_and_a_lost_task_are_recorded_and_told_even_where_nobody_listens(
    airflow: LocalAirflow, hooks: _Hooks
) -> None:
    configured = {
        "CITYHEALTH_NOTIFY": "smtp:city_mail,apprise:city_chat",
        "CITYHEALTH_NOTIFY_TO": "office@example.org",
        "AIRFLOW_CONN_CITY_MAIL": mail_connection(1),
        "AIRFLOW_CONN_CITY_CHAT": chat_connection(hooks.server_address[1]),
    }
    assert ask(_CALLBACKS, airflow, **configured) == "alive"
    late, lost = hooks.posts
    assert "2021-06-05" in late["title"] and "section semimonthly_summary" in late["message"]
    assert lost["title"] == "城市体检：check_summaries.check 失败 failed"
    assert "period without summary" in lost["message"] and "section check_summaries" in lost["message"]
    with airflow.warehouse.connect("loader") as connection:
        recorded = connection.execute(
            "select object from ops.outcome where not success and run in ('scheduled__1', 'scheduled__2') order by 1"
        ).fetchall()
    assert recorded == [("check_summaries.check",), ("semimonthly_summary.deadline",)]
