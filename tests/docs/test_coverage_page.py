"""
The page of coverage says which tests show what the sources describe.
"""

from tests.docs.coverage_page import PAGE, page, shown, words

RESPONSIBLE = [
    *(f"A{number:03}" for number in range(1, 72)),
    *(f"P{number:02}" for number in (*range(1, 20), 27, 28, 31, 33)),
]


def test_every_row_is_on_the_page():
    """
    The page has what the sources say of DingTalk Circles, and each complaint.
    """
    assert RESPONSIBLE == list(words())


def test_every_row_is_shown():
    """
    There is a test behind every row; tests may speak of rows beyond the page as well.
    """
    rows = {row for test in shown() for row in test.rows}

    assert [] == sorted(set(RESPONSIBLE) - rows)


def test_a_test_behind_a_row_states_a_fact():
    """
    Whoever reads the page can look up what each test states.
    """
    assert [] == [test.name for test in shown() if not test.fact]


def test_the_page_is_made_from_the_tests():
    """
    The page is what `python -m tests.docs.coverage_page` writes.
    """
    assert page() == PAGE.read_text(encoding="utf-8")
