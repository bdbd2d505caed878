import numpy as np
import pytest
import torch
from phantoms import GRIDS, ball
from supervised_network import LOOK, PLAIN, SIZES, Threshold, tiny
from torch import nn

import voxclick as vc
from voxclick.cli import main
from voxclick.errors import FileFormatError
from voxclick.metrics.overlap import dice
from voxclick.models import load
from voxclick.models.supervised.look import Look, header_of
from voxclick.models.supervised.network import stored
from voxclick.models.supervised.segmenter import SupervisedSegmenter
from voxclick.models.weights import save_weights
from voxclick.preprocess import View
from voxclick.volume import Mask, Volume

DARK, BRIGHT = (12.0, 18.0, 16.0), (28.0, 18.0, 16.0)
CPU = torch.device("cpu")


def threshold(look=LOOK):
    return SupervisedSegmenter(CPU, network=Threshold(), sizes=SIZES, look=look)


def scene(name="straight"):
    """Two balls: one of intensity 100, one of 200."""
    dark, bright = ball(GRIDS[name], DARK, 6.0), ball(GRIDS[name], BRIGHT, 6.0)
    array = dark.array * 100.0 + bright.array * 200.0
    return Volume(array.astype(np.float32), GRIDS[name]), {"dark": dark, "bright": bright}


@pytest.mark.parametrize("name", GRIDS)
def test_a_click_gives_the_whole_structure_on_every_grid(name):
    volume, truths = scene(name)
    session = vc.Session(volume, threshold())
    for at, structure in ((DARK, "dark"), (BRIGHT, "bright")):
        session.object(structure)
        session.add(vc.Point(at))
        assert dice(truths[structure], session.mask(structure)) > 0.9


def test_at_the_volumes_own_spacing_the_mask_is_the_networks_to_the_voxel():
    volume, truths = scene()
    session = vc.Session(volume, threshold())
    session.add(vc.Point(DARK))
    assert np.array_equal(session.mask().array, truths["dark"].array)


def test_the_network_runs_once_for_all_objects_and_prompts():
    volume, _ = scene()
    segmenter = threshold()
    counted = Counted()
    segmenter.network = counted
    session = vc.Session(volume, segmenter)
    session.add(vc.Point(DARK))
    first = counted.calls
    session.add(vc.Point((13, 18, 16)))
    session.object("another")
    session.add(vc.Point(BRIGHT))
    assert counted.calls == first > 1


def test_prompts_are_obeyed_where_the_network_is_wrong():
    volume, truths = scene()
    session = vc.Session(volume, threshold())
    session.add(vc.Point(DARK))
    session.add(vc.Point((12, 18, 17), positive=False))
    assert not session.mask().array[12, 18, 17]
    assert session.mask().array.sum() == truths["dark"].array.sum() - 1


@pytest.mark.parametrize("name", GRIDS)
def test_the_network_sees_the_patient_upright_at_its_own_spacing(name):
    seen = []

    class Seeing(Threshold):
        def forward(self, image):
            seen.append(image)
            return super().forward(image)

    look = Look(LOOK.names, (2.0, 3.0, 4.0), PLAIN)
    segmenter = threshold(look)
    grid = GRIDS[name]
    indices = np.stack(np.indices(grid.shape), axis=-1).reshape(-1, 3).astype(float)
    ras = grid.to_ras(indices)
    for axis in range(3):
        segmenter.network = Seeing()
        slope = Volume(ras[:, axis].reshape(grid.shape).astype(np.float32), grid)
        view_grid = segmenter.spec.look(grid, vc.geometry.Box((5, 5, 5), (6, 6, 6)), 0)
        seen.clear()
        segmenter.embed(View.of(slope, view_grid))
        crop = seen[0][0, 0]
        middle = [size // 2 for size in crop.shape]
        middle[axis] = slice(middle[axis] - 1, middle[axis] + 1)
        line = crop[tuple(middle)]
        step = float(line[1] - line[0])
        if name == "oblique":
            assert step > 0
        else:
            assert step == pytest.approx(look.spacing_mm[axis], rel=1e-3)


def test_a_volume_is_normalised_by_itself_where_no_statistics_are_told():
    look = Look(LOOK.names, (1.0, 1.0, 1.0), None)
    volume, _ = scene()
    seen = []

    class Seeing(Threshold):
        def forward(self, image):
            seen.append(image)
            return super().forward(image)

    segmenter = SupervisedSegmenter(CPU, network=Seeing(), sizes=SIZES, look=look)
    session = vc.Session(volume, segmenter)
    session.add(vc.Point(DARK))
    values = torch.cat([part.flatten() for part in seen])
    assert values.min() < 0 < values.max() < 10


class Counted(nn.Module):
    """Counts the patches it sees."""

    def __init__(self):
        super().__init__()
        self.calls = 0
        self.within = Threshold()

    def forward(self, image):
        self.calls += 1
        return self.within(image)


def test_a_drawn_mask_stays_until_a_click_chooses():
    volume, truths = scene()
    session = vc.Session(volume, threshold())
    session.add(vc.MaskPrompt(Mask(truths["bright"].array, volume.grid)))
    session.add(vc.Point((28, 18, 18), positive=False))
    assert dice(truths["bright"], session.mask()) > 0.99


def test_a_trained_file_is_fetched_under_a_name(tmp_path, monkeypatch):
    monkeypatch.setenv("VOXCLICK_HOME", str(tmp_path / "home"))
    save_weights(tmp_path / "mine.safetensors", stored(tiny().state_dict()), header_of(SIZES, LOOK))
    assert main(["fetch", "dynunet", "--from", str(tmp_path / "mine.safetensors")]) == 0
    assert load("dynunet", "cpu").look == LOOK


def test_without_weights_it_is_told_how_to_train_them(capsys):
    assert main(["fetch", "swin-unetr"]) == 2
    told = capsys.readouterr().err
    assert "voxclick train swin-unetr" in told
    assert told.count("\n") == 1


def test_a_checkpoint_of_others_is_refused(tmp_path):
    from voxclick.models.supervised.convert import import_checkpoint, recognises

    assert not recognises(["input_block.conv1.conv.weight"])
    with pytest.raises(FileFormatError, match="voxclick train dynunet"):
        import_checkpoint(tmp_path / "model.pt")
