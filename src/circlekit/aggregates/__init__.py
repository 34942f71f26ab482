"""
Who decides: commands answer with events or refuse, and change nothing.
"""
