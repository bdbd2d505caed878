"""Files of weights: the whole network, its share on top of SAM, and published ones."""

import pickle
from dataclasses import replace

import numpy as np
import pytest
import torch
from adapter_network import SMALL, published, small_network
from safetensors.torch import save_file

import voxclick as vc
from voxclick.errors import FileFormatError, MissingFileError
from voxclick.models.importing import import_weights
from voxclick.models.kinds import SAM_ADAPTER3D
from voxclick.models.sam_adapter3d.checkpoint import SAM, read_network, write_network
from voxclick.models.sam_adapter3d.convert import import_checkpoint
from voxclick.models.sam_adapter3d.network import Network
from voxclick.models.sam_adapter3d.settings import DATA_SETS, Settings
from voxclick.preprocess.statistics import Intensity

SETTINGS = Settings(Intensity(-50, 150, 50, 50), crop=64, orientation="IPL")


def same(network, other):
    mine, theirs = network.state_dict(), other.state_dict()
    return mine.keys() == theirs.keys() and all(
        torch.equal(mine[name].half(), theirs[name].half()) for name in mine
    )


def test_a_written_network_is_read_again_with_its_settings(tmp_path):
    write_network(tmp_path / "a.safetensors", small_network(), SETTINGS)
    network, settings = read_network(tmp_path / "a.safetensors")
    assert settings == SETTINGS
    assert same(network, small_network())
    assert {weight.dtype for weight in network.parameters()} == {torch.float32}


def test_the_published_size_takes_less_than_230_megabytes():
    with torch.device("meta"):
        weights = Network().state_dict()
    assert 2 * sum(weight.numel() for weight in weights.values()) < 229e6


def test_the_adapters_share_comes_together_with_sam(tmp_path):
    network = small_network()
    write_network(tmp_path / "whole.safetensors", network, SETTINGS)
    write_network(tmp_path / "share.safetensors", network, SETTINGS, share=True)
    assert (tmp_path / "share.safetensors").stat().st_size < 0.8 * (
        tmp_path / "whole.safetensors"
    ).stat().st_size
    with pytest.raises(MissingFileError, match=SAM):
        read_network(tmp_path / "share.safetensors")
    trunk = {f"image_encoder.{k}": v for k, v in network.encoder.state_dict().items()}
    save_file(trunk, tmp_path / SAM)
    assert same(read_network(tmp_path / "share.safetensors")[0], network)


@pytest.mark.parametrize("unused", [False, True])
def test_a_published_checkpoint_is_imported_and_answers(tmp_path, unused):
    network = small_network()
    torch.save(
        {**published(network, unused), "best_val_loss": np.float32(0.5)}, tmp_path / "last.pth.tar"
    )
    row = SAM_ADAPTER3D[0]
    brought = import_weights(row, tmp_path / "last.pth.tar")
    assert any("July 2023" in warning for warning in brought.warnings)
    read, settings = read_network(brought.path)
    assert same(read, network)
    assert settings.intensity == DATA_SETS["kits21"].intensity
    assert vc.load(row.name, "cpu").spec.name == row.name


class Hostile:
    def __reduce__(self):
        return (exec, ("raise SystemExit",))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"PK\x03\x04 cut short",
        pickle.dumps(Hostile()),
    ],
)
def test_a_file_that_is_no_checkpoint_is_refused(tmp_path, content):
    path = tmp_path / "last.pth.tar"
    path.write_bytes(content)
    with pytest.raises(FileFormatError) as caught:
        import_checkpoint(path)
    assert "\n" not in str(caught.value)


def test_a_checkpoint_with_code_in_it_is_refused(tmp_path):
    torch.save({**published(small_network()), "epoch": Hostile()}, tmp_path / "last.pth.tar")
    with pytest.raises(FileFormatError, match="exec"):
        import_checkpoint(tmp_path / "last.pth.tar")


def test_a_checkpoint_cut_short_is_refused(tmp_path):
    path = tmp_path / "last.pth.tar"
    torch.save(published(small_network()), path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(FileFormatError):
        import_checkpoint(path)


def test_a_file_without_sizes_is_refused(tmp_path):
    save_file({"a": torch.zeros(1)}, tmp_path / "a.safetensors", {"voxclick": "sam_adapter3d"})
    with pytest.raises(FileFormatError, match="sizes"):
        read_network(tmp_path / "a.safetensors")


def test_signed_points_are_told_by_the_file(tmp_path):
    network = small_network(replace(SMALL, signed_points=True))
    write_network(tmp_path / "a.safetensors", network, SETTINGS)
    assert read_network(tmp_path / "a.safetensors")[0].sizes.signed_points
