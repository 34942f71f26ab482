"""
The audit that the docs write in SQL comes to what the audit comes to.
"""

import re
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from circlekit import CircleKit, InvalidInputError, NotFoundError, RefusedError
from circlekit.clock import EPOCH
from circlekit.events.circle import MustSeeSent, PostPublished
from circlekit.store.mapper import encode
from tests.application.communities import opened, scripts, started
from tests.application.town import everything

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "export.md"
MONTHS, VIOLATIONS, REFUSED_BY = re.findall(
    r"^```sql\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
)
SENDING = (
    *("send_must_see", "send_must_see", "send_must_see", "promote_to_must_see"),
    *("publish_post", "adopt_rule_book", "grant_override", "hand_over_circle"),
    *("appoint_manager", "leave_circle", "found_circle"),
)


@pytest.fixture(scope="module")
def database():
    with duckdb.connect() as connection:
        yield connection


SCHEDULING = (
    *("schedule_must_see", "schedule_must_see", "move_scheduled"),
    *("cancel_scheduled", "grant_override", "adopt_rule_book"),
)


def asked(database, sql, folder):
    """
    Run a query of the page as it stands there, where the export is.
    """
    with pytest.MonkeyPatch.context() as at:
        at.chdir(folder)
        return database.execute(sql).fetchall()


def forge(kit, seconds, clock):
    """
    Write a must-see into the store past the rules.
    """
    clock.forward(seconds=seconds)
    told = list(kit.history("club"))
    post = next(it.version for it in told if isinstance(it.event, PostPublished))
    event = MustSeeSent(post=post, by="mei", at=max(clock.now, told[-1].event.at))
    with kit._store.writing() as transaction:
        version = transaction.last_of("circle/club").version + 1
        transaction.put("circle/club", version, "MustSeeSent", encode(event))


@pytest.mark.covers("P36")
@given(
    things=scripts(*SENDING, least=20, most=90),
    forged=st.dictionaries(
        st.integers(0, 60), st.sampled_from((0, 1, 3_600, 86_399, 86_400)), max_size=6
    ),
)
def test_the_audit_of_the_page(database, things, forged):
    """
    The page's queries find every month, every violation and every refusal.

    Months are those of the circle's zone, and twenty-four hours are elapsed ones.
    """
    clock = started()
    with CircleKit("sqlite://", clock=clock) as kit, TemporaryDirectory() as folder:
        community = opened(kit, clock)
        for number, act in enumerate(things):
            with suppress(NotFoundError, InvalidInputError):
                community.do(act)
            if number in forged:
                forge(kit, forged[number], clock)
        compare(kit, database, folder)


@pytest.mark.covers("P36")
@given(things=scripts(*SENDING, *SCHEDULING, least=20, most=90))
def test_the_audit_of_the_page_where_must_sees_are_scheduled(database, things):
    """
    The page's queries find the same where must-sees wait for their moment.

    What was promised a place is no violation, whatever was adopted or overridden while
    it waited; and whoever was refused a place has been refused.
    """
    clock = started()
    with CircleKit("sqlite://", clock=clock) as kit, TemporaryDirectory() as folder:
        community = opened(kit, clock)
        for act in things:
            with suppress(NotFoundError, InvalidInputError):
                community.do(act)
            kit.release_due()

        compare(kit, database, folder)


def test_a_promised_must_see_after_one_sent_by_override(database):
    """
    A must-see that waited while another was sent by override is no violation.
    """
    clock = started()
    with CircleKit("sqlite://", clock=clock) as kit, TemporaryDirectory() as folder:
        club = kit.found_circle(name="Club", kind="community", by="mei", circle="club")
        kit.grant_override(club, "mei", by="mei")
        later = clock.now + timedelta(days=1)
        kit.schedule_must_see(club, by="mei", text="We move.", release_at=later)
        with suppress(RefusedError):
            kit.schedule_must_see(club, by="mei", text="We do.", release_at=later)
        clock.forward(hours=23)
        kit.send_must_see(club, by="mei", text="Fire!", override="A fire")
        clock.forward(hours=1)
        assert len(kit.release_due().released) == 1

        compare(kit, database, folder)


def compare(kit, database, folder):
    """
    Compare what the page's queries find with the audit.
    """
    audit = kit.audit_must_sees()
    kit.export(Path(folder) / "community", format="parquet", with_answers=False)

    assert [
        (
            *(row.circle, row.month, row.allowance, row.sent, row.refused),
            *(row.left, row.closest_gap_seconds),
        )
        for row in audit.circles
    ] == asked(database, MONTHS, folder)
    assert sorted(
        (it.circle, it.version, it.rule, it.used, it.limit) for it in audit.violations
    ) == sorted(asked(database, VIOLATIONS, folder))
    assert sorted(audit.refused_by.items()) == asked(database, REFUSED_BY, folder)


def test_what_is_in_a_row():
    """
    Every event is a row, with the columns that the page names.
    """
    clock = started()
    with CircleKit("sqlite://", clock=clock) as kit, TemporaryDirectory() as folder:
        opened(kit, clock)
        kit.export(Path(folder) / "it", format="parquet")
        rows = pq.read_table(Path(folder) / "it" / "events.parquet").to_pylist()
        told = everything(kit)

    assert [
        *("position", "stream", "kind", "subject", "refused", "version", "name"),
        *("at", "by", "body", "checksum", "digest"),
    ] == list(rows[0])
    assert [
        (
            *(it.position, it.stream, it.stream.partition("/")[0], it.subject, False),
            *(it.version, type(it.event).__name__, it.event.at),
            getattr(it.event, "by", None),
        )
        for it in told
    ] == [tuple(row.values())[:9] for row in rows]
    assert all(it.event.at - EPOCH >= timedelta(0) for it in told)
