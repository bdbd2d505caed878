"""A volume of 600 MB, and a session on it that allocates a quarter of that."""

import json
import subprocess
import sys
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from voxclick.cli import main

SHAPE = (768, 704, 560)
MORE_MB = 150

SCRIPT = """
import json, sys, threading
import numpy as np
import voxclick as vc
from voxclick.io import memory
from voxclick.volume import blocks

memory.LOADED = blocks.DENSE = 0

def allocated():
    lines = open("/proc/self/status").read().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("RssAnon")) / 1024

def clicks(session, at):
    session.add(vc.Point(at))
    session.add(vc.Point((at[0] + 40, at[1], at[2]), positive=False))
    session.add(vc.Box(tuple(n - 34 for n in at), tuple(n + 34 for n in at)))
    session.undo(), session.redo()
    session.object("other")
    session.add(vc.Point((at[0] + 20, at[1], at[2])))

model = vc.load("geodesic", "cpu")
clicks(vc.Session("sample", model), (90, 100, 90))  # what is loaded and compiled once
before, peak, done = allocated(), [0], threading.Event()

def watch():
    while not done.wait(0.002):
        peak[0] = max(peak[0], allocated())

watcher = threading.Thread(target=watch)
watcher.start()
session = vc.Session(sys.argv[1], model)
clicks(session, (400, 350, 300))
vc.write(session.mask("object_1"), sys.argv[2])
vc.write(session.labelmap(), sys.argv[3])
done.set()
watcher.join()
mask = session.mask("object_1")
print(json.dumps({"more": peak[0] - before, "voxels": mask.voxels, "box": mask.box.shape}))
"""


@pytest.fixture
def volume(tmp_path: Path) -> Path:
    """Air that the disk does not hold, with a bright ball of 30 voxels in noise."""
    path = tmp_path / "large.nii"
    header = nib.Nifti1Header()
    header.set_data_dtype(np.int16)
    header.set_data_shape(SHAPE)
    header.set_sform(np.diag([0.4, 0.4, 0.5, 1]), code=1)
    with path.open("wb") as file:
        header.write_to(file)
        file.truncate(352 + 2 * int(np.prod(SHAPE)))
    voxels = np.memmap(path, np.int16, "r+", 352, SHAPE, order="F")
    near = np.s_[320:480, 270:430, 220:380]
    i, j, k = np.ogrid[near]
    ball = (i - 400) ** 2 + (j - 350) ** 2 + (k - 300) ** 2 <= 30**2
    noise = np.random.default_rng(0).normal(0, 10, ball.shape)
    voxels[near] = np.where(ball, 160, 40) + noise
    voxels.flush()
    return path


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")
def test_a_session_takes_memory_for_what_it_looks_at_alone(volume: Path, tmp_path: Path) -> None:
    outputs = [str(tmp_path / "mask.nii.gz"), str(tmp_path / "labels.ome.zarr")]
    command = [sys.executable, "-c", SCRIPT, str(volume), *outputs]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert 0.5 < told["voxels"] / (4 / 3 * np.pi * 30**3) < 1.2  # the other has its share
    assert told["more"] < MORE_MB, told
    written = np.asarray(nib.load(outputs[0]).dataobj)
    assert np.count_nonzero(written) == told["voxels"]


@pytest.mark.slow
def test_the_command_line_segments_it_in_its_file(
    volume: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from large_volumes import keep_in_blocks, leave_in_files

    leave_in_files(monkeypatch)
    keep_in_blocks(monkeypatch, side=64)
    words = ["--point", "400,350,300", "--negative", "436,350,300", "--model", "geodesic"]
    more = [("--report", "r.json"), ("--preview", "p.png"), ("--save-prompts", "s.json")]
    words += [str(tmp_path / word) if "." in word else word for pair in more for word in pair]
    assert main(["segment", str(volume), "-o", str(tmp_path / "m.nii"), *words]) == 0
    report = json.loads((tmp_path / "r.json").read_text())
    inside = np.asarray(nib.load(tmp_path / "m.nii").dataobj)
    assert report["objects"][0]["voxels"] == np.count_nonzero(inside)
    assert inside[400, 350, 300] == 1
    assert (tmp_path / "p.png").stat().st_size > 10_000
