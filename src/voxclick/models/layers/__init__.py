"""Layers that several families share, because they are identical there."""
