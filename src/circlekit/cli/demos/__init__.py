"""
Scripted years: a school.

Each is told by a script that counts what it does as it goes along, in plain Python
and by rules of its own. At the end what the read models say is held against that.
"""
