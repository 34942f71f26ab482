"""
State machines that drive an aggregate at random, beside a model of it.

The models are made of plain dicts, lists and sets, and count quotas without
:mod:`circlekit.budget`: a month is what the local date begins with, 24 hours are
a subtraction. Each command must be allowed exactly when the model has nothing
against it, and refused by exactly the rules that the model names.

A host puts its own numbers in by a subclass::

    class OurCircles(CircleMachine):
        rule_book = OUR_RULES
        zones = ("Europe/Lisbon",)


    TestOurCircles = OurCircles.TestCase
"""

from circlekit.testing.machines.approval import ApprovalMachine
from circlekit.testing.machines.attention import AttentionMachine
from circlekit.testing.machines.circle import CircleMachine
from circlekit.testing.machines.customer import CustomerMachine
from circlekit.testing.machines.group import GroupMachine
from circlekit.testing.machines.homework import HomeworkMachine
from circlekit.testing.machines.identity import IdentityMachine
from circlekit.testing.machines.live import LiveMachine
from circlekit.testing.machines.mass_send import MassSendMachine
from circlekit.testing.machines.organisation import OrganisationMachine
from circlekit.testing.machines.reader import ReaderMachine
from circlekit.testing.machines.scheduling import ScheduleMachine
from circlekit.testing.machines.todo import TodoMachine
from circlekit.testing.machines.topic import TopicMachine, TopicNamesMachine

__all__ = [
    "ApprovalMachine",
    "AttentionMachine",
    "CircleMachine",
    "CustomerMachine",
    "GroupMachine",
    "HomeworkMachine",
    "IdentityMachine",
    "LiveMachine",
    "MassSendMachine",
    "OrganisationMachine",
    "ReaderMachine",
    "ScheduleMachine",
    "TodoMachine",
    "TopicMachine",
    "TopicNamesMachine",
]
