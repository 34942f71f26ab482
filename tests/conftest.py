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
def server_url(server):
    with server.store() as url:
        yield url


@pytest.fixture
def url(backend, tmp_path, request):
    if backend == "sqlite":
        return f"sqlite:///{tmp_path / 'kit.db'}"
    return request.getfixturevalue("server_url")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    # docs/coverage.md promises that every test behind a row has passed.
    report = yield
    if report.skipped and item.get_closest_marker("covers"):
        report.outcome = "failed"
        report.longrepr = "a test behind docs/coverage.md was left out"
    return report
