"""
Order a few books, and see which of them are announced.
"""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from circlekit import RefusedError
from examples.orders.shop import open_shop


def main() -> None:
    """
    Run the shop for a moment, in a file that is gone afterwards.
    """
    with (
        TemporaryDirectory() as folder,
        open_shop(str(Path(folder) / "shop.db")) as shop,
    ):
        shop.order("Emma", 20)
        _say("Emma is ordered and announced.")
        try:
            shop.order("Persuasion", 5)
        except RefusedError as refusal:
            _say(f"Persuasion is neither: {refusal.verdict.rules[0]}.")
        shop.order_anyway("Evelina", 3)
        _say("Evelina is ordered, and not announced.")
        _say(f"Ordered: {', '.join(title for title, _ in shop.ordered())}.")
        _say(f"Announced: {'; '.join(shop.announced())}.")
        shop.kit.verify()


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    main()
