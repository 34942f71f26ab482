"""
Scripted years: a school, a franchise, a company.

Each is told by a script that counts what it does as it goes along, in plain Python
and by rules of its own. At the end what the read models say is held against that.
"""
