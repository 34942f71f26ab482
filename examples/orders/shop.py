"""
A shop that orders books and announces them, both or neither.

The order is a row of the shop's own. The announcement is a must-see, which the
rules may refuse. They are written in one transaction of the shop's.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from attrs import frozen
from sqlalchemy import Connection, Engine, create_engine, text

from circlekit import CircleId, CircleKit, RefusedError
from circlekit.clock import Clock


@frozen
class Shop:
    """
    The shop's orders, and the circle that its readers meet in.
    """

    kit: CircleKit
    engine: Engine
    circle: CircleId

    def order(self, title: str, copies: int) -> None:
        """
        Order copies of a book, and announce it to every reader.

        Raises:
            RefusedError: If it must not be announced now; it is not ordered then.
        """
        with self.engine.begin() as connection:
            self._order(connection, title, copies)
            with self.kit.joined_to(connection) as joined:
                joined.send_must_see(
                    self.circle, by="ana", text=f"{copies} copies of {title} are coming"
                )

    def order_anyway(self, title: str, copies: int) -> bool:
        """
        Order copies of a book, and return whether it could be announced.
        """
        with self.engine.begin() as connection:
            self._order(connection, title, copies)
            with self.kit.joined_to(connection) as joined:
                try:
                    joined.send_must_see(
                        self.circle, by="ana", text=f"{title} is coming"
                    )
                except RefusedError:
                    return False
        return True

    def ordered(self) -> list[tuple[str, int]]:
        """
        Return the titles that were ordered, with the copies of each.
        """
        with self.engine.connect() as connection:
            rows = connection.execute(text("SELECT title, copies FROM orders"))
            return sorted((title, copies) for title, copies in rows)

    def announced(self) -> list[str]:
        """
        Return what was announced, the newest first.
        """
        return [item.text for item in self.kit.feed("ana").items]

    @staticmethod
    def _order(connection: Connection, title: str, copies: int) -> None:
        connection.execute(
            text("INSERT INTO orders (title, copies) VALUES (:title, :copies)"),
            {"title": title, "copies": copies},
        )


def now() -> datetime:
    """
    Return the moment it is.
    """
    return datetime.now(UTC)


@contextmanager
def open_shop(file: str, *, clock: Clock = now) -> Iterator[Shop]:
    """
    Open a new shop in a file, for as long as a ``with`` block lasts.
    """
    url = f"sqlite:///{file}"
    with CircleKit(url, clock=clock) as kit:
        circle = kit.found_circle(name="Readers", kind="community", by="ana")
        engine = create_engine(url)
        with engine.begin() as connection:
            connection.execute(text("CREATE TABLE orders (title TEXT, copies INTEGER)"))
        try:
            yield Shop(kit, engine, circle)
        finally:
            engine.dispose()
