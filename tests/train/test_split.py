"""Published folds, read without running them, and folds that are drawn."""

import pickle
from collections import OrderedDict
from pathlib import Path

import pytest

from voxclick.errors import FileFormatError, MissingFileError
from voxclick.train.split import drawn_split, published_split

CASES = {"case_0": ["a/image.nii.gz", "a/label.nii.gz"], "case_1": ["b/i.nii.gz", "b/l.nii.gz"]}


def folds(path: Path, held: object) -> Path:
    path.write_bytes(pickle.dumps(held))
    return path


def fold(train=None) -> dict[str, object]:
    return {"train": train or CASES, "val": OrderedDict(case_2=("c/i.nii", "c/l.nii")), "test": {}}


class Harmful:
    """Writes a file when a careless reader unpickles it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[Path, str]]:
        return Path.write_text, (self.path, "ran")


def test_a_published_fold_gives_its_cases_below_the_folder(tmp_path):
    path = folds(tmp_path / "split.pkl", [fold()] * 5)
    split, cases = published_split(path, 4, "lits17")
    assert split.train == ("case_0", "case_1")
    assert split.validation == ("case_2",)
    assert split.test == ()
    assert cases["case_0"].image == tmp_path / "a" / "image.nii.gz"
    assert cases["case_2"].labels == tmp_path / "c" / "l.nii"
    assert cases["case_0"].names == {1: "liver", 2: "tumour"}
    assert split.without(["case_1"]).train == ("case_0",)


def test_a_pickle_that_would_run_something_is_refused_and_runs_nothing(tmp_path):
    path = folds(tmp_path / "split.pkl", [fold({"x": [Harmful(tmp_path / "ran"), "b"]})])
    with pytest.raises(FileFormatError, match="nothing in it was run"):
        published_split(path, 0, "")
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("held", "told"),
    [
        ({"train": {}}, "not a list"),
        ([{"train": CASES}], "val"),
        ([fold({"x": ["/etc/passwd", "b"]})], "outside of the data"),
        ([fold({"x": ["../a", "b"]})], "outside of the data"),
        ([fold({"x": [1, "b"]})], "int for a name"),
        ([fold({"x": ["a"]})], "cannot read"),
    ],
)
def test_what_is_no_list_of_folds_is_refused(held, told, tmp_path):
    with pytest.raises(FileFormatError, match=told):
        published_split(folds(tmp_path / "split.pkl", held), 0, "")


def test_text_and_nothing_are_refused(tmp_path):
    (tmp_path / "split.pkl").write_text("no pickle")
    with pytest.raises(FileFormatError, match="cannot read"):
        published_split(tmp_path / "split.pkl", 0, "")
    with pytest.raises(MissingFileError, match="leave split empty"):
        published_split(tmp_path / "none.pkl", 0, "")
    with pytest.raises(FileFormatError, match="got 1 folds"):
        published_split(folds(tmp_path / "one.pkl", [fold()]), 3, "")


def test_drawn_folds_test_every_case_once_and_keep_a_tenth_to_look_at():
    names = tuple(f"case_{n}" for n in range(50))
    splits = [drawn_split(names, number, seed=3) for number in range(5)]
    assert sorted(name for split in splits for name in split.test) == sorted(names)
    for split in splits:
        assert (len(split.train), len(split.validation), len(split.test)) == (35, 5, 10)
        assert sorted((*split.train, *split.validation, *split.test)) == sorted(names)


def test_of_few_cases_all_train():
    assert drawn_split(("a", "b"), 0, seed=0).test == ()
    assert len(drawn_split(("a", "b"), 0, seed=0).train) == 2
