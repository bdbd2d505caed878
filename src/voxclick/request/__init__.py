"""Segmentations asked for as paths and coordinates: one, or a list of many."""
