"""Evaluation: labelled data sets x models x simulated users, as tables, numbers and a page."""
