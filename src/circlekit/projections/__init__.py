"""
What people read: tables filled from events, and the questions they answer.
"""
