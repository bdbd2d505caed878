import numpy as np

from voxclick.geometry import Grid
from voxclick.simulate.scribbles import ScribbleUser
from voxclick.volume import Mask


def test_a_centre_stroke_runs_along_the_thin_parts_of_the_error() -> None:
    truth = np.zeros((15, 40, 7), dtype=np.bool_)
    truth[2:13, 2:13, 3] = True
    truth[10:13, 13:36, 3] = True
    grid = Grid(truth.shape, np.eye(4))
    empty = Mask(np.zeros_like(truth), grid)
    strokes = []
    for seed in range(20):
        user, generator = ScribbleUser("centre"), np.random.default_rng(seed)
        scribble = user.next_prompt(Mask(truth, grid), empty, generator)
        assert scribble is not None
        voxels = scribble.voxels()
        assert truth[tuple(voxels.T)].all()
        if np.ptp(voxels[:, 0]) > 0 and np.ptp(voxels[:, 1]) > 0:  # the slice across k
            strokes.append({int(j) for j in voxels[:, 1]})
    assert strokes
    for stroke in strokes:
        assert stroke >= set(range(12, 34))
