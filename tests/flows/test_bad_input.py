"""Whatever is wrong with the input: one line on stderr, exit code 2, no traceback, no output."""

import gzip
import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from phantoms import GRIDS, bright_ball, grid

import voxclick as vc
from voxclick.cli import main
from voxclick.prompts import ObjectLog, PromptLog, Step

CLICK = ["--point", "20,18,16"]


class Desk:
    """A folder with a good image, and what a careless user puts beside it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.volume, self.truth = bright_ball(GRIDS["anisotropic"], (20, 18, 16), 9.0)
        self.image = vc.write(self.volume, folder / "image.nii.gz")

    def path(self, name: str) -> Path:
        return self.folder / name

    def text(self, name: str, content: str) -> Path:
        self.path(name).write_text(content)
        return self.path(name)

    def nifti(self, name: str, array: np.ndarray, change=None) -> Path:
        image = nib.Nifti1Image(array, GRIDS["anisotropic"].affine)
        if change is not None:
            change(image.header)
        image.to_filename(self.path(name))
        return self.path(name)

    def header(self, name: str, change) -> Path:
        """The good image with a header that nibabel would not write: bytes 76 on are pixdim."""
        plain = self.path(f"plain_{name}")
        array = np.asarray(self.volume.array, dtype=np.float32)
        nib.Nifti1Image(array, GRIDS["anisotropic"].affine).to_filename(plain)
        content = bytearray(plain.read_bytes())
        plain.unlink()
        change(content)
        self.path(name).write_bytes(bytes(content))
        return self.path(name)

    def log(self, name: str, on=GRIDS["anisotropic"]) -> Path:
        steps = (Step(vc.Point((20, 18, 16)), 0),)
        PromptLog((ObjectLog("ball", 1, steps),), on).save(self.path(name))
        return self.path(name)


@pytest.fixture
def desk(tmp_path):
    return Desk(tmp_path)


def spacing_of(value):
    def change(content: bytearray) -> None:
        content[80:84] = np.float32(value).tobytes()  # pixdim[1]
        content[252:256] = np.int16([1, 0]).tobytes()  # qform only: it takes its spacing from there

    return change


def singular(content: bytearray) -> None:
    content[252:256] = np.int16([0, 1]).tobytes()
    content[280:296] = content[296:312]  # two rows of the sform are one


def image(make):
    return lambda desk: [str(make(desk)), *CLICK]


def options(*words):
    return lambda desk: [str(desk.image), *(w(desk) if callable(w) else w for w in words)]


def file(name, content):
    return lambda desk: str(desk.text(name, content))


def truncated(desk):
    path = desk.path("cut.nii.gz")
    path.write_bytes(desk.image.read_bytes()[:3000])
    return path


def fake_gzip(desk):
    path = desk.path("fake.nii.gz")
    path.write_bytes(gzip.compress(b"no header in here"))
    return path


def folder(desk):
    desk.path("empty").mkdir()
    return desk.path("empty")


def rgb(desk):
    kind = np.dtype([("R", "u1"), ("G", "u1"), ("B", "u1")])
    return desk.nifti("rgb.nii.gz", np.zeros((8, 8, 8), dtype=kind))


def mask_elsewhere(desk):
    mask = vc.Mask(desk.truth.array, GRIDS["straight"])
    return str(vc.write(mask, desk.path("elsewhere.nii.gz")))


def mask_of_nothing(desk):
    mask = vc.Mask(np.zeros(desk.truth.array.shape, dtype=np.bool_), desk.truth.grid)
    return str(vc.write(mask, desk.path("nothing.nii.gz")))


def two_labels(desk):
    array = desk.truth.array.astype(np.uint8)
    array[0, 0, 0] = 2
    return str(vc.write(vc.LabelMap(array, desk.truth.grid), desk.path("two.nii.gz")))


def log_of(**point):
    fields = {"version": 1, "objects": [{"name": "a", "label": 1, "prompts": [point]}]}
    return file("prompts.json", json.dumps(fields))


def other_log(desk):
    return str(desk.log("other.json", grid((1.0, 1.0, 1.0), np.eye(3), shape=(9, 9, 9))))


BAD = {
    "an image that does not exist": (lambda desk: ["nowhere.nii.gz", *CLICK], "nowhere.nii.gz"),
    "a text file named .nii.gz": (
        image(lambda desk: desk.text("text.nii.gz", "this is no image")),
        "text.nii.gz",
    ),
    "gzip around nothing": (image(fake_gzip), "fake.nii.gz"),
    "a truncated gzip": (image(truncated), "cut.nii.gz"),
    "an empty file": (image(lambda desk: desk.text("void.nii", "")), "void.nii"),
    "NaN spacing": (image(lambda desk: desk.header("nan.nii", spacing_of(np.nan))), "nan"),
    "zero spacing": (image(lambda desk: desk.header("zero.nii", spacing_of(0.0))), "0"),
    "a singular affine": (image(lambda desk: desk.header("flat.nii", singular)), "invertible"),
    "a 2D image": (
        image(lambda desk: desk.nifti("plane.nii.gz", np.zeros((8, 8), dtype=np.float32))),
        "(8, 8)",
    ),
    "a 4D image of many frames": (
        image(lambda desk: desk.nifti("film.nii.gz", np.zeros((8, 8, 8, 5), dtype=np.float32))),
        "5",
    ),
    "a complex image": (
        image(lambda desk: desk.nifti("wave.nii.gz", np.zeros((8, 8, 8), dtype=np.complex64))),
        "complex",
    ),
    "an RGB image": (image(rgb), "RGB"),
    "an empty DICOM folder": (image(folder), "empty"),
    "an image of an unknown suffix": (image(lambda desk: desk.text("image.xyz", "")), "image.xyz"),
    "a broken NRRD": (image(lambda desk: desk.text("image.nrrd", "NRRD0004\n")), "image.nrrd"),
    "a zip of nothing": (image(lambda desk: desk.text("image.zip", "PK")), "image.zip"),
    "a point outside the volume": (options("--point", "20,18,32"), "(20, 18, 32)"),
    "a point with a negative index": (options("--point", "-3,18,16"), "(-3, 18, 16)"),
    "a point far away in mm": (options("--space", "ras", "--point", "-900.5,0,0"), "-900.5"),
    "a point of two numbers": (options("--point", "20,18"), "'20,18'"),
    "a point of four numbers": (options("--point", "20,18,16,1"), "'20,18,16,1'"),
    "a point with blanks": (options("--point", "20", "18", "16"), "'20'"),
    "a point of words": (options("--point", "a,b,c"), "'a,b,c'"),
    "a point of NaN": (options("--point", "nan,18,16"), "nan"),
    "an infinite point": (options("--point", "inf,18,16"), "inf"),
    "no prompt at all": (options(), "--point"),
    "negative clicks only": (options("--negative", "20,18,16"), "positive"),
    "a flag without its value": (options("--point"), "--point"),
    "contradictory clicks": (options(*CLICK, "--negative", "20.2,18,16"), "(20, 18, 16)"),
    "a box inside out": (options("--box", "9,9,9,5,12,12"), "[9.0, 9.0, 9.0]"),
    "a box of five numbers": (options("--box", "9,9,9,12,12"), "'9,9,9,12,12'"),
    "a box beyond the volume": (options("--box", "90,90,90,95,95,95"), "90"),
    "an empty scribble": (options("--scribble", file("empty.csv", "")), "none"),
    "a scribble of headings": (options("--scribble", file("empty.csv", "i,j,k\n")), "none"),
    "an empty JSON scribble": (options("--scribble", file("empty.json", "[]")), "none"),
    "a scribble of pairs": (options("--scribble", file("pair.csv", "1,2\n")), "'1,2'"),
    "a scribble of words": (options("--scribble", file("w.txt", "i j k\n1 2 x\n")), "'1 2 x'"),
    "a scribble of broken JSON": (options("--scribble", file("b.json", "[[1, 2")), "b.json"),
    "a scribble outside": (options("--scribble", file("far.csv", "1,2,99\n")), "(1, 2, 99)"),
    "a scribble mask of nothing": (options("--scribble", mask_of_nothing), "nothing.nii.gz"),
    "a scribble mask on another grid": (options("--scribble", mask_elsewhere), "elsewhere"),
    "a missing scribble": (options("--scribble", "nowhere.csv"), "nowhere.csv"),
    "a mask on another grid": (options("--mask", mask_elsewhere), "elsewhere.nii.gz"),
    "an empty mask": (options("--mask", mask_of_nothing), "empty"),
    "a mask of two labels": (options("--mask", two_labels), "2"),
    "a label that the mask lacks": (options("--mask", two_labels, "--mask-label", "7"), "7"),
    "a missing mask": (options("--mask", "nowhere.nii.gz"), "nowhere.nii.gz"),
    "an unknown model": (options(*CLICK, "--model", "oracle"), "'oracle'"),
    "an unknown device": (options(*CLICK, "--device", "abacus"), "'abacus'"),
    "a device that is not there": (options(*CLICK, "--device", "cuda:99"), "'cuda:99'"),
    "an unknown space": (options(*CLICK, "--space", "mni"), "'mni'"),
    "an unknown option": (options(*CLICK, "--pionts", "1,2,3"), "--pionts"),
    "a word too many": (options("second.nii.gz", *CLICK), "second.nii.gz"),
    "a prompt log that is missing": (options("--prompts", "nowhere.json"), "nowhere.json"),
    "broken JSON": (options("--prompts", file("broken.json", '{"version": 1, ')), "broken.json"),
    "JSON that is no log": (options("--prompts", file("list.json", "[1, 2]")), "[1, 2]"),
    "an empty log": (options("--prompts", file("none.json", '{"objects": []}')), "prompt"),
    "an unknown kind of prompt": (options("--prompts", log_of(kind="wand")), "'wand'"),
    "a logged point outside": (options("--prompts", log_of(kind="point", at=[99, 0, 0])), "99"),
    "a logged point of two": (options("--prompts", log_of(kind="point", at=[9, 0])), "[9, 0]"),
    "a logged point of NaN": (options("--prompts", log_of(kind="point", at=[None, 1, 1])), "None"),
    "a point without a place": (options("--prompts", log_of(kind="point")), "'at'"),
    "a log for another volume": (options("--prompts", other_log), "(9, 9, 9)"),
    "a preview that is no PNG": (options(*CLICK, "--preview", "a.gif"), "a.gif"),
    "a report without a folder": (options(*CLICK, "--report", "nowhere/run.json"), "nowhere"),
}
OUTPUTS = {
    "an unknown suffix": (lambda desk: desk.path("out.xyz"), "out.xyz"),
    "no suffix": (lambda desk: desk.path("out"), "'out'"),
    "a folder that does not exist": (lambda desk: desk.path("nowhere") / "out.nii.gz", "nowhere"),
    "a file for a folder": (lambda desk: desk.image / "out.nii.gz", "image.nii.gz"),
    "a folder for a file": (lambda desk: desk.folder / "sub.nii.gz", "sub.nii.gz"),
    "the image itself": (lambda desk: desk.image, "image.nii.gz"),
    "DICOM-SEG without a series": (lambda desk: desk.path("out.dcm"), "out.dcm"),
}


def files_in(folder):
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*")}


def complaint(capsys, words):
    """The one line on stderr, after checking that it is all there is."""
    code = main(words)
    told = capsys.readouterr()
    assert code == 2, told.err
    assert told.out == ""
    assert told.err.endswith("\n")
    assert len(told.err.splitlines()) == 1, told.err
    assert told.err.startswith("voxclick: error: ")
    assert "Traceback" not in told.err
    return told.err


@pytest.mark.parametrize("name", BAD)
def test_one_line_says_what_is_wrong_and_nothing_is_written(name, desk, capsys):
    make, quoted = BAD[name]
    words = make(desk)
    before = files_in(desk.folder)
    told = complaint(capsys, ["segment", *words, "-o", str(desk.path("out.nii.gz"))])
    assert quoted in told
    assert files_in(desk.folder) == before


@pytest.mark.parametrize("name", OUTPUTS)
def test_an_output_that_cannot_be_is_refused_before_the_work(name, desk, capsys):
    make, quoted = OUTPUTS[name]
    (desk.folder / "sub.nii.gz").mkdir()
    before = files_in(desk.folder)
    told = complaint(capsys, ["segment", str(desk.image), *CLICK, "-o", str(make(desk))])
    assert quoted in told
    assert files_in(desk.folder) == before


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="there is no folder like /proc here")
def test_an_output_folder_that_cannot_be_written_is_an_error(desk, capsys):
    told = complaint(capsys, ["segment", str(desk.image), *CLICK, "-o", "/proc/self/out.nii.gz"])
    assert "/proc/self" in told


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_output_folder_is_an_error(desk, capsys):
    locked = desk.path("locked")
    locked.mkdir(mode=0o500)
    words = ["segment", str(desk.image), *CLICK, "-o", str(locked / "out.nii.gz")]
    assert "locked" in complaint(capsys, words)


@pytest.mark.parametrize("flag", ["--report", "--save-prompts"])
def test_two_outputs_cannot_share_a_path(flag, desk, capsys):
    shared = str(desk.path("out.json"))
    words = ["--preview", str(desk.path("out.png")), flag, shared]
    other = "--save-prompts" if flag == "--report" else "--report"
    words = ["segment", str(desk.image), *CLICK, *words, other, shared]
    assert shared in complaint(capsys, [*words, "-o", str(desk.path("out.nii.gz"))])


@pytest.mark.parametrize(
    ("words", "quoted"),
    [
        ([], "segment"),
        (["sgement"], "sgement"),
        (["--bogus"], "--bogus"),
        (["segment"], "IMAGE"),
        (["segment", "sample"], "--output"),
        (["info"], "IMAGE"),
        (["info", "nowhere.nii.gz"], "nowhere.nii.gz"),
        (["models", "oracle"], "'oracle'"),
        (["evaluate", "nowhere"], "--output"),
    ],
    ids=" ".join,
)
def test_a_command_line_that_makes_no_sense_is_told_in_one_line(words, quoted, capsys):
    assert quoted in complaint(capsys, words)


def test_two_series_in_one_folder_are_listed_for_the_user_to_choose(data_dir, desk, capsys):
    series = desk.path("series")
    series.mkdir()
    for name in ("dcmqi_ct3", "totalseg_ct"):
        for place, source in enumerate(sorted((data_dir / "dicom" / name).rglob("*.dcm"))):
            (series / f"{name}_{place}.dcm").write_bytes(source.read_bytes())
    words = ["segment", str(series), "--point", "9,9,1", "-o", str(desk.path("out.nii.gz"))]
    told = complaint(capsys, words)
    assert "--series" in told
    assert not desk.path("out.nii.gz").exists()


def run(words, limit=None):
    def limited():
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    return subprocess.run(
        [sys.executable, "-m", "voxclick.cli", *map(str, words)],
        capture_output=True,
        text=True,
        env={**os.environ, "NUMBA_DISABLE_JIT": "0"},
        preexec_fn=None if limit is None else limited,
    )


@pytest.mark.slow
def test_a_full_disk_leaves_one_line_and_no_file(desk):
    noisy = vc.Volume(
        np.random.default_rng(0).normal(size=(64, 64, 64)), grid((1, 1, 1), np.eye(3), (64, 64, 64))
    )
    path = vc.write(noisy, desk.path("noise.nii.gz"))
    out = desk.path("out.nii")
    done = run(["segment", path, "--box", "4,4,4,60,60,60", "-o", out], limit=20_000)
    assert done.returncode == 2, done.stderr
    *progress, told = done.stderr.splitlines()  # progress is told from two seconds on
    assert all(line.endswith(" ...") for line in progress)
    assert "full" in told
    assert {path.name for path in desk.folder.iterdir()} == {"image.nii.gz", "noise.nii.gz"}


@pytest.mark.slow
@pytest.mark.parametrize("name", ["a text file named .nii.gz", "an unknown option", "broken JSON"])
def test_a_process_of_its_own_says_the_same(name, desk):
    make, quoted = BAD[name]
    done = run(["segment", *make(desk), "-o", desk.path("out.nii.gz")])
    assert done.returncode == 2
    assert quoted in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert done.stdout == ""
    assert not desk.path("out.nii.gz").exists()
