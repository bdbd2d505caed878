"""Pickled arrays read as plain values."""

import os
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest

from voxclick.errors import FileFormatError
from voxclick.io.plain_pickle import read_plain

CLICKS = [{"fg": [[1, 2, 3], np.array([4, 5, 6])], "bg": []}, {"fg": [], "bg": [[7, 8, 9]]}]


class Harmful:
    """Makes a file when it is unpickled."""

    def __reduce__(self):
        return (os.mkdir, ("harmed",))


def save(path: Path, **arrays: object) -> Path:
    np.savez_compressed(path, **{k: np.array(v, dtype=object) for k, v in arrays.items()})
    return path


def packed(path: Path, content: bytes) -> Path:
    """An npz whose one array `it` is this pickle."""
    with zipfile.ZipFile(path, "w") as archive, archive.open("it.npy", "w") as stream:
        np.lib.format.write_array_header_1_0(
            stream, {"descr": "|O", "fortran_order": False, "shape": ()}
        )
        stream.write(content)
    return path


def test_clicks_and_boxes_come_out_as_plain_values(tmp_path):
    path = save(tmp_path / "a.npz", clicks=CLICKS, order=[["fg", None], ["bg", "bg"]])
    assert read_plain(path, "clicks") == [
        {"fg": [[1, 2, 3], [4, 5, 6]], "bg": []},
        {"fg": [], "bg": [[7, 8, 9]]},
    ]
    assert read_plain(path, "order") == [["fg", None], ["bg", "bg"]]
    assert read_plain(path, "boxes") is None


@pytest.mark.parametrize(
    "number", [np.int64(3), np.float32(3.0), np.uint8(3), np.array(3), np.int32(3)], ids=repr
)
def test_the_numbers_of_numpy_are_numbers(tmp_path, number):
    path = tmp_path / "a.npz"
    np.savez(path, boxes=np.array([{"z_mid": number}], dtype=object))
    assert read_plain(path, "boxes") == [{"z_mid": 3}]


def test_an_array_that_is_not_pickled_is_read_too(tmp_path):
    np.savez(tmp_path / "a.npz", clicks_order=np.array([["fg"], ["bg"]]), n=np.arange(3))
    assert read_plain(tmp_path / "a.npz", "clicks_order") == [["fg"], ["bg"]]
    assert read_plain(tmp_path / "a.npz", "n") == [0, 1, 2]


@pytest.mark.parametrize("protocol", range(2, 6))
def test_a_pickle_that_calls_something_is_refused_and_nothing_is_called(
    tmp_path, monkeypatch, protocol
):
    monkeypatch.chdir(tmp_path)
    path = packed(tmp_path / "a.npz", pickle.dumps([Harmful()], protocol))
    with pytest.raises(FileFormatError, match=r"mkdir, which is refused"):
        read_plain(path, "it")
    assert not (tmp_path / "harmed").exists()


@pytest.mark.parametrize(
    "held",
    [{1, 2}, b"bytes", 1j, range(3), {(1, 2): 3}, Path("x"), np.dtype("O"), np.arange(3)[:0].dtype],
    ids=repr,
)
def test_anything_but_plain_values_is_refused(tmp_path, held):
    path = packed(tmp_path / "a.npz", pickle.dumps([held]))
    with pytest.raises(FileFormatError, match=r"a\.npz"):
        read_plain(path, "it")


def test_a_list_that_holds_itself_is_refused(tmp_path):
    endless: list[object] = []
    endless.append(endless)
    with pytest.raises(FileFormatError, match="deep"):
        read_plain(packed(tmp_path / "a.npz", pickle.dumps(endless)), "it")


@pytest.mark.parametrize("content", [b"", b"\x80\x04", b"no pickle", b"cnumpy\nndarray\n)\x81}b."])
def test_a_broken_pickle_is_an_error_that_names_the_file(tmp_path, content):
    with pytest.raises(FileFormatError, match=r"a\.npz"):
        read_plain(packed(tmp_path / "a.npz", content), "it")


def test_a_file_that_is_no_archive_is_an_error(tmp_path):
    (tmp_path / "a.npz").write_text("this is no archive")
    with pytest.raises(FileFormatError, match=r"a\.npz"):
        read_plain(tmp_path / "a.npz", "clicks")


def test_a_large_pickle_is_not_unpacked(tmp_path):
    path = packed(tmp_path / "a.npz", bytes(65 * 2**20))
    with pytest.raises(FileFormatError, match="more than"):
        read_plain(path, "it")
