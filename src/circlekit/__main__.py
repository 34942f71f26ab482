"""
``python -m circlekit``, the same as the command ``circlekit``.
"""

from circlekit.cli import main

if __name__ == "__main__":
    main()
