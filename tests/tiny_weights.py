"""The smallest weights of each family that has published ones, for the contract of segmenters."""

from collections.abc import Callable
from pathlib import Path

TINY_WEIGHTS: dict[str, Callable[[Path], None]] = {}
"""By family: writes a file that its segmenter takes."""
