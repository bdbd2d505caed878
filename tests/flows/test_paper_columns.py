"""The slice-wise columns of the papers' tables, as docs/how-to/paper-tables.md tells them."""

import csv

import numpy as np
import pytest
import torch
from data_sets import write_case
from published_sam import narrow

from voxclick.cli import main


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Cases and a store with a SAM and a MedSAM that know nothing."""
    folder = tmp_path_factory.mktemp("columns")
    labels = write_case(folder / "cases/a", "anisotropic")
    torch.save(narrow(), folder / "sam.pth")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VOXCLICK_HOME", str(folder / "home"))
        for name in ("sam-vit-b", "medsam"):
            assert main(["fetch", name, "--from", str(folder / "sam.pth")]) == 0
        yield folder, labels


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "per_slice"),
    [
        (["--model", "sam-vit-b", "--user", "slice_points"], 1),
        (["--model", "sam-vit-b", "--user", "slice_points:points=3"], 3),
        (["--model", "sam-vit-b", "--user", "slice_center:slices=0"], 1),
        (["--model", "sam-vit-b", "--user", "slice_box:slices=0,outward=0"], 1),
        (["--model", "medsam", "--user", "slice_box:slices=0,outward=0"], 1),
    ],
)
def test_every_slice_of_an_object_is_prompted(made, tmp_path, options, per_slice):
    folder, labels = made
    words = ["evaluate", str(folder / "cases"), "-o", str(tmp_path / "out"), *options]
    assert main([*words, "--clicks", "1", "--labels", "liver", "--workers", "1"]) == 0
    pixels = np.count_nonzero(labels == 1, axis=(0, 1))
    wanted = int(np.minimum(pixels, per_slice).sum())
    with (tmp_path / "out/results.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    assert [(row["name"], int(row["prompts"])) for row in rows] == [("liver", wanted)]
