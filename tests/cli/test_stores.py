"""
What a store's keeper asks of the command line: migrate, verify, back up.
"""

import sqlite3
from contextlib import closing

import pytest

from circlekit import CircleKit
from circlekit.store import open_store
from circlekit.store.migrating import TABLES
from tests.cli.little_history import document, run, tell


@pytest.fixture
def store(url):
    tell(url)
    return url


def test_migrate(tmp_path):
    """
    A new store is made, with every table; one that is there is left as it is.
    """
    url = f"sqlite:///{tmp_path / 'new.db'}"

    assert {"before": None, "version": 2, "made": sorted(TABLES)} == (
        document("migrate", "--store", url)
    )
    assert {"before": 2, "version": 2, "made": []} == (
        document("migrate", "--store", url)
    )
    answer = run("migrate", "--store", url)
    assert (0, "The store has version 2 already.\n") == (
        answer.exit_code,
        answer.stdout,
    )


def test_migrate_on_a_server(server):
    """
    On a server as well, and then there is something to read.
    """
    url = server.database()
    before = run("verify", "--store", url)

    answer = run("migrate", "--store", url)

    assert "A store of version 2 was made.\n" == answer.stdout
    assert (1, "") == (before.exit_code, before.stdout)
    assert "run `circlekit migrate --store postgresql://" in before.stderr
    assert 0 == document("verify", "--store", url)["events"]
    server.drop(url)


def test_migrate_an_earlier_one(tmp_path):
    """
    Of a store of the first version it is said from what to what it was brought.
    """
    path = tmp_path / "old.db"
    tell(f"sqlite:///{path}")
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(
            """
            ALTER TABLE circlekit_event DROP COLUMN digest;
            DROP TABLE circlekit_head;
            UPDATE circlekit_schema SET version = 1;
            """
        )

    answer = run("migrate", "--store", f"sqlite:///{path}")

    assert "The store had version 1 and has version 2 now.\n" == answer.stdout


def test_migrate_a_read_model(tmp_path):
    """
    Of a store that misses a read model's table it is said which was made.
    """
    url = f"sqlite:///{tmp_path / 'kit.db'}"
    tell(url)
    with closing(open_store(url)) as kept, kept.writing() as transaction:
        transaction.run("DROP TABLE circlekit_feed_pin")

    answer = run("migrate", "--store", url)

    assert "The store has version 2; made circlekit_feed_pin.\n" == answer.stdout


@pytest.mark.parametrize(
    ("url", "word"), [("sqlite://", "BLOB"), ("postgresql://nowhere/x", "BYTEA")]
)
def test_printed(url, word):
    """
    The SQL is printed for the database that the URL names; nobody connects to it.
    """
    answer = run("migrate", "--store", url, "--sql")

    assert 0 == answer.exit_code
    assert word in answer.stdout
    assert len(TABLES) == answer.stdout.count("CREATE TABLE IF NOT EXISTS")
    assert {"sql": answer.stdout} == document("migrate", "--store", url, "--sql")


def test_verify(store):
    """
    A store that is whole is said to be, with its head; and so it is later, by that.
    """
    shown = document("verify", "--store", store)
    with CircleKit(store) as kit:
        assert kit.verify() == shown["head"]
        assert kit.newest_position() == shown["events"]
    answer = run("verify", "--store", store)

    assert f"{shown['events']} events are as they were written.\n{shown['head']}\n" == (
        answer.stdout
    )
    assert shown | {"since": shown["head"]} == (
        document("verify", "--store", store, "--head", shown["head"])
    )
    again = run("verify", "--store", store, "--head", shown["head"])
    assert f"The log has come by {shown['head']}." in again.stdout.replace("\n", " ")


def test_altered(store):
    """
    A store with an altered event ends with 1, and names the place.
    """
    with closing(open_store(store)) as kept, kept.writing() as transaction:
        transaction.run(
            "UPDATE circlekit_event SET body = :body "
            "WHERE stream = 'circle/readers' AND version = 5",
            body=b"{}",
        )

    answer = run("verify", "--store", store)

    said = (
        "circlekit: event 5 of 'circle/readers', position 9: "
        "was altered after it was written\n"
    )
    assert (1, "", said) == (answer.exit_code, answer.stdout, answer.stderr)


def test_cut_off(store):
    """
    What was cut off the end, with the head put back, is found by a head kept elsewhere.
    """
    with CircleKit(store) as kit:
        earlier = kit.verify()
        kit.publish_post("readers", by="mei", text="Soon gone")
        head, newest = kit.verify(), kit.newest_position()
    position, _, digest = earlier.partition(":")
    with closing(open_store(store)) as kept, kept.writing() as transaction:
        transaction.run(
            "DELETE FROM circlekit_event WHERE position = :newest", newest=newest
        )
        transaction.run(
            "UPDATE circlekit_head SET position = :position, digest = :digest",
            position=int(position),
            digest=digest,
        )
        if store.startswith("sqlite"):
            transaction.run("UPDATE sqlite_sequence SET seq = seq - 1")

    assert earlier == document("verify", "--store", store)["head"]
    answer = run("verify", "--store", store, "--head", head)
    said = f"circlekit: event {newest} of 'the log': is missing\n"
    assert (1, "", said) == (answer.exit_code, answer.stdout, answer.stderr)


def test_no_head(store):
    """
    What is no head is refused with what would be one.
    """
    answer = run("verify", "--store", store, "--head", "12")

    assert (1, "") == (answer.exit_code, answer.stdout)
    assert "accepted: what `circlekit verify` printed" in answer.stderr


def test_backup(tmp_path):
    """
    A copy is made and verified; one that is there is not replaced.
    """
    url, copy = f"sqlite:///{tmp_path / 'kit.db'}", tmp_path / "copy.db"
    tell(url)

    shown = document("backup", str(copy), "--store", url)

    head = document("verify", "--store", f"sqlite:///{copy}")["head"]
    assert {"file": str(copy), "events": int(head.partition(":")[0]), "head": head} == (
        shown
    )
    answer = run("backup", str(copy), "--store", url)
    assert (1, "") == (answer.exit_code, answer.stdout)
    assert "is there already" in answer.stderr
    other = run("backup", str(tmp_path / "other.db"), "--store", url)
    assert other.stdout.endswith(f"{head}\n")


def test_backup_of_a_server(server_url, tmp_path):
    """
    A store on a server says what copies it, and no file is made.
    """
    answer = run("backup", str(tmp_path / "copy.db"), "--store", server_url)

    said = "circlekit: a PostgreSQL store is backed up with pg_dump\n"
    assert (1, "", said) == (answer.exit_code, answer.stdout, answer.stderr)
    assert [] == list(tmp_path.iterdir())
