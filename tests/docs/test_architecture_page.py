"""
The page of the architecture has every layer, and every read model's tables.
"""

import re
import tomllib
from pathlib import Path

from circlekit.store.schema import HISTORY, READ_MODELS, SNAPSHOTS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")


def test_every_layer():
    """
    The drawing of the layers is the one that imports are held to.
    """
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contract = project["tool"]["importlinter"]["contracts"][0]
    drawn = re.search(r"```text\n(.+?)```", PAGE, re.DOTALL)[1].splitlines()
    names = "\n".join(line[:30].strip() for line in drawn)
    # A layer that takes two lines goes on with a bar.
    lines = names.replace("\n|", " |").splitlines()

    assert [{*layer.split(" | ")} for layer in contract["layers"]] == [
        {*line.split(" | ")} for line in lines
    ]


def test_every_table():
    """
    The table of the tables has all that are in a store, and no other.
    """
    models = {
        f"circlekit_{name.split('_')[1]}_*"
        for model in READ_MODELS
        for name in model.tables.tables
    }

    kept = {*HISTORY.tables, *SNAPSHOTS.tables}

    assert kept | models == {*re.findall(r"^\| `(\w+\*?)`", PAGE, re.MULTILINE)}
