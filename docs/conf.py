"""
How the documentation is built.
"""

from importlib.metadata import version as version_of

project = "circlekit"
author = "the circlekit authors"
copyright = "2026, the circlekit authors"  # noqa: A001 - Sphinx asks for this name.
version = release = version_of("circlekit")

extensions = ["myst_parser"]
exclude_patterns = ["_build"]

nitpicky = True
smartquotes = False

# Headings down to the third level can be linked to as `page.md#heading`.
myst_heading_anchors = 3

html_theme = "furo"
html_title = f"circlekit {release}"
html_copy_source = False
html_show_sourcelink = False
