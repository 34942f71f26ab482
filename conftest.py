"""
How the tests are run: the examples of the docs, and how long Hypothesis looks.
"""

import os
from collections.abc import Iterable
from doctest import ELLIPSIS
from importlib import import_module
from pkgutil import walk_packages

from hypothesis import settings
from sybil import Document, Region, Sybil
from sybil.evaluators.doctest import DocTestEvaluator
from sybil.evaluators.python import PythonEvaluator
from sybil.parsers.abstract.doctest import DocTestStringParser
from sybil.parsers.myst import CodeBlockParser, PythonCodeBlockParser, SkipParser

import benchmarks
import circlekit

# Not as an entry point, as for everybody else: pyproject.toml says why.
pytest_plugins = ["circlekit.pytest_plugin"]


class SessionParser:
    """
    Finds the sessions in fences marked `pycon`.
    """

    def __init__(self) -> None:
        self.fences = CodeBlockParser("pycon", PythonEvaluator())
        self.sessions = DocTestStringParser(DocTestEvaluator(ELLIPSIS))

    def __call__(self, document: Document) -> Iterable[Region]:
        """
        Give each prompt of each session, in the order of the page.
        """
        for fence in self.fences(document):
            for example in self.sessions(fence.parsed, document.path):
                example.adjust(fence, fence.parsed)
                yield example


# The blocks of one page share their names and run from top to bottom. A page can
# leave a block out with `<!-- skip: next -->`.
pytest_collect_file = Sybil(
    parsers=[PythonCodeBlockParser(), SessionParser(), SkipParser()],
    patterns=["README.md", "docs/*.md", "docs/**/*.md"],
    excludes=["docs/_build/**"],
).pytest()

# Settings of Sphinx, and pages it has built, are not tests.
collect_ignore = ["docs/conf.py", "docs/_build"]

# No deadline: a slow machine is not a wrong answer.
settings.register_profile("quick", max_examples=25, deadline=None, print_blob=True)
settings.register_profile(
    "ci", max_examples=100, deadline=None, print_blob=True, derandomize=True
)
settings.register_profile(
    "ci-quick", max_examples=25, deadline=None, print_blob=True, derandomize=True
)
settings.register_profile("nightly", max_examples=2000, deadline=None, print_blob=True)
PROFILE = os.environ.get("HYPOTHESIS_PROFILE", "quick")
settings.load_profile(PROFILE)


def pytest_configure() -> None:
    """
    Load every module where the examples are to be the same on every run.

    Hypothesis draws constants that it finds in the sources of what is loaded, and
    which test loads what depends on the order in which processes take the tests.
    """
    if PROFILE.startswith("ci"):
        for package in (circlekit, benchmarks):
            for module in walk_packages(package.__path__, f"{package.__name__}."):
                if not module.name.endswith("__main__"):
                    import_module(module.name)
