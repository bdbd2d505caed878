"""What the geodesic family promises beyond the contract of every family."""

import numpy as np
import pytest
import torch
from phantoms import GRIDS, bright_ball

import voxclick as vc
from voxclick.metrics.overlap import dice
from voxclick.models.evidence.scene import Scene
from voxclick.models.evidence.seeds import gather
from voxclick.models.geodesic.extent import Regions, extent, measured, reach_score
from voxclick.models.geodesic.score import score
from voxclick.simulate.clicks import CenterClick

CENTRE = (20.0, 18.0, 16.0)


def quality_by_click(grid, radius_mm, clicks):
    volume, truth = bright_ball(grid, CENTRE, radius_mm)
    session, user, found = vc.Session(volume, "geodesic", device="cpu"), CenterClick(), []
    for _ in range(clicks):
        prompt = user.next_prompt(truth, session.mask(), np.random.default_rng(0))
        session.add(prompt)
        found.append(dice(truth, session.mask()))
    return found


@pytest.mark.parametrize("name", GRIDS)
@pytest.mark.parametrize("radius_mm", [6, 9])
def test_one_click_finds_a_ball(name, radius_mm):
    assert quality_by_click(GRIDS[name], radius_mm, 1)[0] > 0.8


@pytest.mark.parametrize("name", GRIDS)
def test_a_click_beside_the_boundary_does_not_ruin_what_is_nearly_right(name):
    first, second = quality_by_click(GRIDS[name], 9, 2)
    assert second > first - 0.17


def scene_of(image):
    cut = np.zeros(image.shape, dtype=np.bool_)
    return Scene.of(image.astype(np.float32), (1.0, 1.0, 1.0), cut)


def ball(shape, centre, radius):
    i, j, k = np.ogrid[tuple(map(slice, shape))]
    a, b, c = centre
    return (i - a) ** 2 + (j - b) ** 2 + (k - c) ** 2 <= radius**2


def noisy(truth, contrast, spread=0.1):
    noise = np.random.default_rng(0).normal(0.0, spread, truth.shape)
    return contrast * truth + noise


def overlap(one, other):
    return 2 * (one & other).sum() / (one.sum() + other.sum())


@pytest.mark.parametrize("radius", [3, 6, 10])
def test_the_extent_follows_the_size_of_the_object(radius):
    truth = ball((40, 40, 40), (20, 20, 20), radius)
    scene = scene_of(noisy(truth, 1.0))
    found = score(scene, [vc.Point((20, 20, 20))], None)
    assert overlap(found > 0, truth) > 0.75


def test_a_textured_object_is_not_cut_short():
    truth = ball((40, 40, 40), (20, 20, 20), 9)
    grain = np.random.default_rng(1).normal(0.0, 0.3, truth.shape) * truth
    scene = scene_of(noisy(truth, 1.5) + grain)
    found = score(scene, [vc.Point((20, 20, 20))], None)
    assert overlap(found > 0, truth) > 0.7


def test_regions_of_a_ball_are_measured_as_they_are():
    truth = ball((21, 21, 21), (10, 10, 10), 5)
    scene = scene_of(truth.astype(np.float32))
    i, j, k = np.ogrid[:21, :21, :21]
    distance = np.sqrt((i - 10) ** 2 + (j - 10) ** 2 + (k - 10) ** 2).astype(np.float32)
    own = distance == 0
    regions = measured(scene, truth.astype(np.float32), distance, own)
    place = int(np.searchsorted(regions.limits, 5.0))
    inside = distance <= regions.limits[place]
    padded = np.pad(inside, 1)
    assert regions.counts[place] == inside.sum()
    assert regions.likely[place] == (truth & inside).sum()
    assert regions.area[place] == sum(
        np.abs(np.diff(padded.astype(int), axis=a)).sum() for a in range(3)
    )
    assert regions.depth[place] == pytest.approx(distance[~inside].min())


def test_sizes_bound_the_extent():
    scene = scene_of(noisy(ball((30, 30, 30), (15, 15, 15), 6), 1.0))
    prompts = [vc.Point((15, 15, 15))]
    seeds = gather(prompts, scene.intensity, scene.lengths)
    ratio = np.zeros(scene.intensity.shape, dtype=np.float32)
    free = (reach_score(scene, ratio, seeds, (0.0, np.inf)) > 0).sum()
    small = (reach_score(scene, ratio, seeds, (0.0, free / 4)) > 0).sum()
    large = (reach_score(scene, ratio, seeds, (4.0 * free, np.inf)) > 0).sum()
    assert small <= free / 4 < free < 4 * free <= large * 1.1


def test_no_region_of_the_size_asked_for_gives_the_nearest():
    scene = scene_of(np.zeros((6, 6, 6)))
    counts = np.array([20.0, 60.0, 150.0])
    steps = np.array([1.0, 2.0, 3.0])
    regions = Regions(steps, counts, counts, steps, steps, steps)
    assert extent(regions, scene, (1000.0, np.inf)) == 3.0
    assert extent(regions, scene, (0.0, 5.0)) == 1.0


def test_a_missed_part_makes_the_object_larger_and_a_leak_smaller():
    truth = ball((40, 40, 40), (20, 20, 20), 9)
    scene = scene_of(noisy(truth, 1.0))
    first, missed = vc.Point((20, 20, 20)), vc.Point((20, 26, 20))
    leak = vc.Point((20, 32, 20), positive=False)
    small = ball(truth.shape, (20, 20, 20), 4).astype(np.float32)
    large = ball(truth.shape, (20, 20, 20), 14).astype(np.float32)
    grown = score(scene, [first, missed], torch.from_numpy(small)) > 0
    shrunk = score(scene, [first, leak], torch.from_numpy(large)) > 0
    assert overlap(grown, truth) > overlap(small > 0, truth)
    assert overlap(shrunk, truth) > overlap(large > 0, truth)
