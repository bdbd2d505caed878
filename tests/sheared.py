"""All grids that scanners write, and one that only registration tools do."""

import numpy as np
from phantoms import GRIDS, grid, rotation

SHEAR = rotation(10, 1) @ np.array([[1.0, 0.2, 0.1], [0.0, 0.96, 0.15], [0.0, 0.2, 0.98]])

ALL_GRIDS = {**GRIDS, "sheared": grid((0.9, 1.1, 2.0), SHEAR)}
"""GRIDS and a sheared one, all of one shape."""
