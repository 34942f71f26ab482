"""
What the shop promises: an order and its announcement, both or neither.
"""

import runpy

import pytest

from circlekit import RefusedError
from examples.orders.shop import open_shop


@pytest.fixture
def shop(tmp_path):
    """
    Open a shop in a file of its own.
    """
    with open_shop(str(tmp_path / "shop.db")) as opened:
        yield opened


def test_both(shop):
    """
    What is ordered is announced.
    """
    shop.order("Emma", 20)

    assert [("Emma", 20)] == shop.ordered()
    assert ["20 copies of Emma are coming"] == shop.announced()


def test_neither(shop):
    """
    What may not be announced is not ordered, and the next order is none the worse.
    """
    shop.order("Emma", 20)
    with pytest.raises(RefusedError):
        shop.order("Persuasion", 5)

    assert [("Emma", 20)] == shop.ordered()
    assert 1 == len(shop.announced())
    assert not shop.order_anyway("Evelina", 3)
    assert [("Emma", 20), ("Evelina", 3)] == shop.ordered()
    shop.kit.verify()


def test_the_program(capsys):
    """
    The program says what became of each order.
    """
    runpy.run_module("examples.orders", run_name="__main__")

    assert [
        "Emma is ordered and announced.",
        "Persuasion is neither: must-see-spacing.",
        "Evelina is ordered, and not announced.",
        "Ordered: Emma, Evelina.",
        "Announced: 20 copies of Emma are coming.",
    ] == capsys.readouterr().out.splitlines()
