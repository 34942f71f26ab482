"""
What has happened: flat, frozen facts with lasting stored names.
"""
