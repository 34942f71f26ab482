"""
The glossary can be looked things up in.
"""

import re
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "glossary.md"


def test_once_and_in_order():
    """
    Every word is in the glossary once, and the words are in the order of the alphabet.
    """
    words = re.findall(
        r"^\*\*(.+?)\*\*", PAGE.read_text(encoding="utf-8"), re.MULTILINE
    )

    assert sorted({*words}, key=str.lower) == words
