"""
Where a history is imported into.
"""

import pytest


@pytest.fixture
def store(tmp_path):
    return f"sqlite:///{tmp_path / 'community.db'}"
