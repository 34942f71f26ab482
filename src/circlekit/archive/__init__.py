"""
Exports: a history with its answers, in files that need no circlekit to be read.
"""
