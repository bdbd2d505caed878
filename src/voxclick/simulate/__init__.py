"""Simulated users: what a person would draw next, given the truth and the mask so far."""
