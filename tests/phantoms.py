"""Grids and volumes whose right answer can be computed by hand."""

import numpy as np

from voxclick.geometry import Grid
from voxclick.types import Array, Index3
from voxclick.volume import Mask, Volume

SHAPE: Index3 = (40, 36, 32)


def rotation(degrees: float, axis: int) -> Array:
    """A rotation about one of the patient's axes."""
    c, s = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
    matrix = np.eye(3)
    a, b = [n for n in range(3) if n != axis]
    matrix[a, a], matrix[a, b], matrix[b, a], matrix[b, b] = c, -s, s, c
    return matrix


def grid(spacing: tuple[float, float, float], directions: Array, shape: Index3 = SHAPE) -> Grid:
    """A grid of this spacing and these axis directions, off the origin."""
    affine = np.eye(4)
    affine[:3, :3] = directions * np.array(spacing)
    affine[:3, 3] = (-31.5, 12.25, 40.0)
    return Grid(shape, affine)


GRIDS: dict[str, Grid] = {
    "straight": grid((1.0, 1.0, 1.0), np.eye(3)),
    "anisotropic": grid((0.8, 0.8, 3.0), np.eye(3)),
    "oblique": grid((1.0, 1.2, 1.5), rotation(25, 0) @ rotation(-15, 2)),
    "flipped": grid((1.0, 1.1, 0.9), np.diag([-1.0, -1.0, 1.0])),
    "permuted": grid((1.0, 1.3, 0.9), np.array([[0.0, 0, 1], [-1, 0, 0], [0, 1, 0]])),
}
"""One grid of every kind that scanners and tools write, all of one shape."""


def ball(on: Grid, centre: tuple[float, float, float], radius_mm: float) -> Mask:
    """The voxels within a radius in mm of a voxel index."""
    indices = np.stack(np.meshgrid(*map(np.arange, on.shape), indexing="ij"), axis=-1)
    middle = on.to_ras(np.array([centre], dtype=np.float64))[0]
    away = on.to_ras(indices.reshape(-1, 3).astype(np.float64)) - middle
    return Mask((np.linalg.norm(away, axis=1) <= radius_mm).reshape(on.shape), on)


def bright_ball(
    on: Grid, centre: tuple[float, float, float], radius_mm: float, noise: float = 5.0
) -> tuple[Volume, Mask]:
    """A bright ball in a darker, noisy background, and its mask."""
    mask = ball(on, centre, radius_mm)
    generator = np.random.default_rng(7)
    array = generator.normal(0.0, noise, on.shape) + np.where(mask.array, 100.0, 0.0)
    return Volume(array.astype(np.float32), on), mask
