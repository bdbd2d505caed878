"""What the evidence of prompts and image promises."""

import numpy as np
import pytest
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import dijkstra

import voxclick as vc
from voxclick.models.evidence.features import features, normalised
from voxclick.models.evidence.sweep import FAR, edge_costs, geodesic_distance, nearest_voxels


def exact_distance(costs, start):
    """Dijkstra on the grid's graph, from one more node that every start hangs from."""
    shape = start.shape
    number = np.arange(start.size).reshape(shape)
    rows, columns, weights = [], [], []
    for axis in range(3):
        here = np.moveaxis(number, axis, 0)
        rows.append(here[:-1].ravel())
        columns.append(here[1:].ravel())
        weights.append(np.moveaxis(costs[axis], axis, 0)[:-1].ravel())
    begins = np.flatnonzero(start.ravel() < FAR)
    rows.append(np.full(len(begins), start.size))
    columns.append(begins)
    weights.append(start.ravel()[begins] + 1.0)
    entries = (np.concatenate(weights), (np.concatenate(rows), np.concatenate(columns)))
    graph = coo_matrix(entries, shape=(start.size + 1, start.size + 1)).tocsr()
    return dijkstra(graph, directed=False, indices=start.size)[:-1].reshape(shape) - 1.0


@pytest.mark.parametrize("lengths", [(1.0, 1.0, 1.0), (1.0, 1.0, 4.0)])
def test_sweeps_come_near_the_exact_distance_on_a_real_head(lengths):
    image = normalised(vc.sample().array[60:84, 100:126, 80:100].astype(np.float32))
    costs = edge_costs((image,), (15.0,), lengths, 0.06)
    start = np.full(image.shape, FAR, dtype=np.float32)
    start[4, 5, 6], start[20, 20, 3] = 0.0, 0.5
    found, exact = geodesic_distance(costs, start), exact_distance(costs, start)
    assert (found >= exact - 1e-3).all()
    assert np.quantile(found - exact, 0.99) < 0.05 * exact.max()


def test_no_seed_reaches_nothing():
    image = np.zeros((4, 5, 6), dtype=np.float32)
    costs = edge_costs((image,), (1.0,), (1.0, 1.0, 1.0), 1.0)
    assert (geodesic_distance(costs, np.full(image.shape, FAR, dtype=np.float32)) == FAR).all()


def test_samples_stay_in_the_tissue_that_was_clicked():
    image = np.zeros((20, 20, 20), dtype=np.float32)
    image[:10] = 1.0
    found = nearest_voxels(image, np.array([[9, 10, 10]]), (1.0, 1.0, 1.0), 80)
    assert len(found) == 80
    assert (found[:, 0] < 10).all()


def test_normalisation_does_not_depend_on_the_scale_of_intensities():
    image = vc.sample().array[60:100, 90:130, 80:110].astype(np.float32)
    np.testing.assert_allclose(normalised(image * 7.5 - 1000), normalised(image), atol=1e-3)


def test_a_constant_image_has_finite_features():
    image = normalised(np.full((8, 9, 10), 4.0, dtype=np.float32))
    assert np.isfinite(features(image, (1.0, 1.0, 1.0))).all()
