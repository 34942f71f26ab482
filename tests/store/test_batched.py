"""
The rows of a read model that are written late cannot be told from any others.
"""

from contextlib import suppress

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sqlalchemy import Column, Integer, MetaData, Table

from circlekit import StoreError
from circlekit.projections.read_model import ReadModel
from circlekit.store import open_store
from circlekit.store.batched import BatchedRows
from circlekit.store.opening import migrate


class Toy(ReadModel):
    """
    Three tables, which the statements below change by each other.
    """

    name = "toy"
    tables = MetaData()
    kinds = frozenset()

    def apply(self, rows, recorded):
        raise NotImplementedError


for letter in "abc":
    Table(
        f"toy_{letter}",
        Toy.tables,
        Column("id", Integer, primary_key=True, autoincrement=False),
        Column("number", Integer),
    )
# One that is not the model's own.
THEIRS = "toy_theirs"
TABLES = (*Toy.tables.tables, THEIRS)

RUN = {
    "put": "INSERT INTO toy_c (id, number) VALUES (:id, :number)",
    "put or add": """
        INSERT INTO toy_a (id, number) VALUES (:id, :number)
        ON CONFLICT (id) DO UPDATE SET number = toy_a.number + excluded.number
        """,
    "take out": "DELETE FROM toy_a WHERE id = :id AND number <> :number",
    "add the others": """
        UPDATE toy_a SET number = number + (SELECT count(*) FROM toy_b
        WHERE toy_b.number >= :number) WHERE id <> :id
        """,
    "copy": """
        INSERT INTO toy_b (id, number) SELECT id, number + :number FROM toy_a
        WHERE id = :id ON CONFLICT DO NOTHING
        """,
    "count": """
        UPDATE toy_b SET number = number + 1 WHERE id = :id AND EXISTS (
        SELECT 1 FROM toy_b t WHERE t.id <> :id AND t.number >= :number)
        """,
    "clear": "DELETE FROM toy_b WHERE id = :id AND number > :number",
    "join": """
        INSERT INTO toy_c (id, number) SELECT a.id, a.number + b.number
        FROM toy_a a JOIN toy_b b ON a.id = b.id WHERE a.id >= :id
        AND a.number >= :number ON CONFLICT (id) DO UPDATE SET number = excluded.number
        """,
    "in lower case": "delete from toy_c where id = :id and number >= :number",
    "with": """
        WITH most AS (SELECT max(number) AS number FROM toy_b)
        UPDATE toy_a SET number = (SELECT coalesce(max(most.number), :number) FROM most)
        WHERE id = :id
        """,
    "theirs": """
        INSERT INTO toy_theirs (id, number) SELECT id, number + :number FROM toy_a
        WHERE id = :id ON CONFLICT (id) DO UPDATE SET number = excluded.number
        """,
}
ALL = {
    "one": "SELECT number FROM toy_a WHERE id = :id AND number <> :number",
    "two": """
        SELECT a.id, a.number, b.number FROM toy_a a LEFT JOIN toy_b b ON a.id = b.id
        WHERE a.id >= :id AND a.number >= :number ORDER BY a.id
        """,
    "theirs too": """
        SELECT t.id, t.number, c.number FROM toy_theirs t LEFT JOIN toy_c c
        ON c.id = t.id WHERE t.id >= :id AND t.number >= :number ORDER BY t.id
        """,
    "only theirs": """
        SELECT id, number FROM toy_theirs WHERE id >= :id AND number >= :number
        ORDER BY id
        """,
}
STEPS = st.tuples(
    st.sampled_from([*RUN, *ALL]) | st.sampled_from(["put or add", *ALL]),
    st.integers(0, 2),
    st.integers(0, 2),
    # Many of one kind go to the database in another way than a few.
    st.sampled_from((1, 1, 1, 2, 6)),
)


class _UndoneError(Exception):
    pass


@pytest.fixture
def store(url, backend):
    if backend == "postgresql":
        migrate(url)
    store = open_store(url)
    with store.writing() as rows:
        for table in TABLES:
            rows.run(f"CREATE TABLE {table} (id INTEGER PRIMARY KEY, number INTEGER)")
    yield store
    with store.writing() as rows:
        for table in TABLES:
            rows.run(f"DROP TABLE {table}")
    store.close()


def told(store, steps, rows_of):
    """
    What was answered on the way, and what is in the tables at the end.

    None, if anything failed: then all is undone.
    """
    answers = None
    with suppress(StoreError, _UndoneError), store.writing() as transaction:
        rows, found = rows_of(transaction), []
        for what, id_, number, times in steps:
            for more in range(times):
                values = {"id": (id_ + more) % 8, "number": number}
                if what in RUN:
                    rows.run(RUN[what], **values)
                else:
                    found.append([*rows.all(ALL[what], **values)])
        if isinstance(rows, BatchedRows):
            rows.send()
        answers = [
            *found,
            *(transaction.all(f"SELECT * FROM {it} ORDER BY id") for it in TABLES),
        ]
        raise _UndoneError
    return answers


def test_written_late(store):
    """
    What is answered, what comes of it and what fails is as if all was done at once.
    """

    @given(st.lists(STEPS, max_size=30))
    @example([("put", 1, 1, 1), ("in lower case", 1, 0, 1), ("put", 1, 2, 1)])
    @example([("put", 1, 1, 1), ("put", 1, 1, 1), ("one", 1, 0, 1)])
    @example([("put or add", 0, 1, 6), ("copy", 0, 1, 6), ("take out", 0, 0, 6)])
    @example([("put or add", 0, 1, 1), ("clear", 0, 0, 6), ("put or add", 0, 1, 6)])
    @settings(max_examples=300)
    def same(steps):
        late = told(store, steps, lambda it: BatchedRows.of(Toy(), it.session))

        assert told(store, steps, lambda it: it) == late

    same()
