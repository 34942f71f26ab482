"""
Drive an organisation at random beside a model too simple to be wrong.
"""

from circlekit.testing import OrganisationMachine

TestOrganisation = OrganisationMachine.TestCase
