"""
Bend the rules one by one, and see whether the state machines object.

Run as ``python -m benchmarks.mutants [--runs 100] [--only NAME] [--json] [--write]``.
Each mutant replaces one function or method in memory, in a process of its own, and a
machine is driven at random against it. A machine that does not object to a bent rule
would not object to a broken one either. Unbent, nothing may be objected to.
"""
