"""
Where the tests keep their stores: in an SQLite file, or on a PostgreSQL server.
"""

import pytest


@pytest.fixture(params=["sqlite", "postgresql"])
def backend(request):
    return request.param


@pytest.fixture
def server(circlekit_postgres):
    return circlekit_postgres


@pytest.fixture
def url(backend, tmp_path, request):
    if backend == "sqlite":
        yield f"sqlite:///{tmp_path / 'kit.db'}"
        return
    with request.getfixturevalue("server").store() as url:
        yield url
