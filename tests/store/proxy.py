"""
Somebody between a kit and its PostgreSQL server, who loses things.
"""

import re
import socket
from contextlib import suppress
from threading import Lock, Thread
from urllib.parse import quote, urlencode

from psycopg.conninfo import conninfo_to_dict

# With its end: every BEGIN says COMMITTED.
_COMMIT = b"COMMIT\x00"
# A statement that writes and commits at once: where it is prepared, with the name it is
# given, and where it is carried out by that name.
_PREPARED = re.compile(rb"P.{4}([^\x00]*)\x00[^\x00]*WITH patience", re.DOTALL)
_BOUND = re.compile(rb"B.{4}[^\x00]*\x00([^\x00]*)\x00", re.DOTALL)


class Proxy:
    """
    Passes everything on, but for a COMMIT, or what the server says to it.

    A statement that commits by itself counts as one.

    Attributes:
        eat_replies: To how many of the next COMMITs nobody hears the answer.

        eat_commits: How many of the next COMMITs do not arrive.
    """

    def __init__(self, url):
        self._options = conninfo_to_dict(url)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._open = []
        self._lock = Lock()
        self.eat_replies = 0
        self.eat_commits = 0
        Thread(target=self._accept, daemon=True).start()

    @property
    def url(self):
        """
        Where to come to.
        """
        options = {
            **self._options,
            "host": "127.0.0.1",
            "port": self._listening.getsockname()[1],
            "sslmode": "disable",
            "gssencmode": "disable",
        }
        known = {name: str(value) for name, value in options.items() if value}
        return f"postgresql://?{urlencode(known, quote_via=quote)}"

    def cut(self):
        """
        Break every connection.
        """
        with self._lock:
            pairs, self._open = self._open, []
        for pair in pairs:
            _hang_up(*pair)

    def close(self):
        """
        Be there no longer.
        """
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self.cut()

    def _accept(self):
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            server = self._connected()
            with self._lock:
                self._open.append((client, server))
            deaf = []
            Thread(target=self._there, args=(client, server, deaf), daemon=True).start()
            Thread(target=self._back, args=(client, server, deaf), daemon=True).start()

    def _connected(self):
        host = str(self._options.get("host") or "localhost")
        port = str(self._options.get("port") or 5432)
        if host.startswith("/"):
            server = socket.socket(socket.AF_UNIX)
            server.connect(f"{host}/.s.PGSQL.{port}")
            return server
        return socket.create_connection((host, int(port)))

    def _there(self, client, server, deaf):
        named = set()
        while said := _heard(client):
            if _commits(said, named):
                if self.eat_commits:
                    self.eat_commits -= 1
                    break
                if self.eat_replies:
                    self.eat_replies -= 1
                    deaf.append(True)
            with suppress(OSError):
                server.sendall(said)
        _hang_up(client, server)

    def _back(self, client, server, deaf):
        while (said := _heard(server)) and not deaf:
            with suppress(OSError):
                client.sendall(said)
        _hang_up(client, server)


def _commits(said, named):
    prepared, bound = set(_PREPARED.findall(said)), set(_BOUND.findall(said))
    named |= prepared - {b""}
    return _COMMIT in said or bool(bound & (named | prepared))


def _heard(from_):
    try:
        return from_.recv(65_536)
    except OSError:
        return b""


def _hang_up(*ends):
    for end in ends:
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
        end.close()
