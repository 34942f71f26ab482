"""
May this happen? One module for each question, pure functions over values.
"""
