"""
The bookshop's tests find the mistakes that can be planted in it.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# Whether it is found is what is tried here, not how small the example gets.
HASTY = """
from hypothesis import Phase, settings

settings.register_profile(
    "hasty", max_examples=1000, deadline=None, derandomize=True, phases=[Phase.generate]
)
"""


def _run(folder, bug):
    (folder / "hasty.py").write_text(HASTY, encoding="utf-8")
    options = ["-p", "hasty", "--hypothesis-profile=hasty", "-p", "no:cacheprovider"]
    return subprocess.run(
        [sys.executable, "-m", "pytest", "examples/bookshop", "-q", *options],
        cwd=ROOT,
        env={**os.environ, "BOOKSHOP_BUG": bug, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("bug", "broken", "said"),
    [
        ("quiet-hours-utc", "nobody_is_woken", "AssertionError: sent at "),
        ("forgets-removed", "what_is_removed_stays_used", "announcements_left("),
    ],
)
def test_a_planted_bug(tmp_path, bug, broken, said):
    """
    What the shop gets wrong is found, and said in the shop's own words.
    """
    ran = _run(tmp_path, bug)

    assert 1 == ran.returncode
    assert "1 failed, 2 passed" in ran.stdout
    assert f"state.{broken}()\n" in ran.stdout
    assert said in ran.stdout


def test_it_is_short():
    """
    What the shop writes to have all this found are fewer than sixty lines.
    """
    tests = ROOT / "examples" / "bookshop" / "test_shop.py"

    assert len(tests.read_text(encoding="utf-8").splitlines()) < 60
