"""Mutation testing: do the tests notice when a line means something else?"""
