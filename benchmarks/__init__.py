"""
How fast circlekit is on this machine: ratios, measured side by side in one run.
"""
