"""
Scripted years come to what was counted while they were lived.
"""

import json

import pytest

from circlekit import CircleKit, StoreError
from circlekit.cli.demos import showing
from circlekit.cli.demos.company import Company
from circlekit.cli.demos.franchise import Franchise
from circlekit.cli.demos.school import School
from circlekit.cli.demos.showing import Year
from circlekit.cli.demos.telling import Check, play
from tests.cli.little_history import document, run

LITTLE = {
    Year.SCHOOL: lambda: School(classes=3, people=50, weeks=5),
    Year.FRANCHISE: lambda: Franchise(partners=5, weeks=8),
    Year.COMPANY: lambda: Company(people=120, months=3),
}


@pytest.fixture
def little(monkeypatch):
    monkeypatch.setattr(showing, "STORIES", LITTLE)


@pytest.mark.covers("A002", "A013", "A068", "A071")
@pytest.mark.parametrize("year", list(Year))
def test_a_little_year(year, url):
    """
    What a small school, franchise or company comes to is what was counted.
    """
    played = play(LITTLE[year](), url)

    assert () == played.wrong
    assert all(played.numbers.values())
    assert len(played.checks) == len({check.what for check in played.checks})
    with CircleKit(url, create=False) as kit:
        assert played.events == kit.newest_position()


@pytest.mark.parametrize("year", list(Year))
def test_the_same_every_time(year, tmp_path):
    """
    A year that is lived again is the same, event by event.
    """
    heads = []
    for number in range(2):
        url = f"sqlite:///{tmp_path / str(number)}.db"
        play(LITTLE[year](), url)
        with CircleKit(url, create=False) as kit:
            heads.append(kit.verify())

    assert heads[0] == heads[1]


def test_the_franchise():
    """
    The whole year of the franchise comes to what was counted.
    """
    played = play(Franchise(), "sqlite://")

    assert () == played.wrong
    assert (3, 30) == (played.numbers["circles"], played.numbers["partners"])


def test_what_does_not_agree(monkeypatch):
    """
    A number that was counted otherwise is named, and is an error.
    """

    class Wrong(Company):
        def look_back(self, life):
            self.staff.add("nobody")
            return super().look_back(life)

    monkeypatch.setattr(
        showing, "STORIES", {Year.COMPANY: lambda: Wrong(people=20, months=1)}
    )
    answer = run("demo", "company")

    assert 4 == answer.exit_code
    assert "who works there" in answer.stderr
    assert "NOT the same" in answer.stdout


@pytest.mark.parametrize("year", list(Year))
def test_at_a_terminal(year, little):
    """
    A year is shown with how much there was, and every check of it.
    """
    shown = run("demo", year.value)
    told = document("demo", year.value)

    assert (0, "") == (shown.exit_code, shown.stderr)
    assert f"A year of a {year.value}" in shown.stdout
    assert all(check["what"] in shown.stdout for check in told["checks"])
    assert all(check["holds"] for check in told["checks"])
    assert told["events"] > 100


def test_not_into_anybodys_store(little, tmp_path):
    """
    A store that holds anything is left alone.
    """
    url = f"sqlite:///{tmp_path / 'kit.db'}"
    with CircleKit(url) as kit:
        kit.found_circle(name="Tea", kind="community", by="mei", circle="tea")
        newest = kit.newest_position()
        answer = run("demo", "school", "--store", url)

        assert (1, newest) == (answer.exit_code, kit.newest_position())
    with pytest.raises(StoreError):
        play(LITTLE[Year.SCHOOL](), url)


def test_no_such_year():
    """
    A year that nobody has written is not understood.
    """
    assert 2 == run("demo", "circus").exit_code


def test_how_much_a_check_compares():
    """
    A check says how many figures it compares, and whether they are the same.
    """
    played = showing.shape(play(LITTLE[Year.FRANCHISE](), "sqlite://"))

    assert json.loads(json.dumps(played)) == played
    assert [1, 2] == [
        showing._figures(check)
        for check in (Check("one", 1, 1), Check("two", {"a": 1, "b": 2}, {}))
    ]
    assert [True, False] == [Check("", 1, 1).holds, Check("", 1, 2).holds]
