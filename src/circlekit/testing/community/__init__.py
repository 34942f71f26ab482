"""
A whole community at random: circles, people, two hosts and one store.

What happens is compared with a model of plain dicts and lists, which counts quotas
without :mod:`circlekit.budget` and knows nothing of stores, transactions and read
models. A host puts its own numbers and policies in by a subclass::

    class OurCommunity(CommunityMachine):
        rule_book = OURS
        policies = (QuietHours,)
        zones = ("Europe/Lisbon",)


    TestOurs = OurCommunity.TestCase
"""

from circlekit.testing.community.machine import CommunityMachine
from circlekit.testing.community.plain import PlainCircle, PlainCommunity, PlainPost

__all__ = ["CommunityMachine", "PlainCircle", "PlainCommunity", "PlainPost"]
