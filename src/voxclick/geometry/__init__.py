"""Voxel grids and boxes: where an array lies in the patient."""

from voxclick.geometry.box import Box
from voxclick.geometry.grid import Grid

__all__ = ["Box", "Grid"]
