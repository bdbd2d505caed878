"""DICOM files are found by content, in folders and archives, and nothing is left behind."""

import zipfile
from pathlib import Path

import dicom_phantoms as phantom
import numpy as np
import pytest
from phantoms import GRIDS
from pydicom import Dataset

from voxclick.errors import FileFormatError, MissingFileError
from voxclick.io.formats import dicom_files
from voxclick.io.formats.dicom_series import read_volume

STRAIGHT = phantom.shorten(GRIDS["anisotropic"])


def test_a_zip_is_read_and_leaves_nothing_behind(tmp_path: Path) -> None:
    folder = phantom.write_series(tmp_path / "a", phantom.ramp(STRAIGHT), STRAIGHT)
    archive = tmp_path / "scan.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("notes.txt", "hello")
        for file in folder.iterdir():
            packed.write(file, f"../../deep/er/{file.name}")
    before = sorted(tmp_path.parent.rglob("*"))
    np.testing.assert_array_equal(read_volume(archive).array, phantom.ramp(STRAIGHT))
    assert sorted(tmp_path.parent.rglob("*")) == before


def test_a_zip_bomb_is_refused_before_it_is_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dicom_files, "BOMB_BYTES", 2**20)
    archive = tmp_path / "bomb.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("a.dcm", bytes(128) + b"DICM" + bytes(2**21))
    with pytest.raises(FileFormatError, match="more than a scan does"):
        read_volume(archive)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 no archive"])
def test_a_broken_zip_is_refused(content: bytes, tmp_path: Path) -> None:
    archive = tmp_path / "scan.zip"
    archive.write_bytes(content)
    with pytest.raises(FileFormatError, match=r"scan\.zip"):
        read_volume(archive)


def test_a_cut_off_zip_is_refused(tmp_path: Path) -> None:
    folder = phantom.write_series(tmp_path / "a", phantom.ramp(STRAIGHT), STRAIGHT)
    archive = tmp_path / "scan.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        for file in folder.iterdir():
            packed.write(file, file.name)
    content = bytearray(archive.read_bytes())
    content[1000:1100] = bytes(100)
    archive.write_bytes(content)
    with pytest.raises(FileFormatError, match=r"scan\.zip"):
        read_volume(archive)


def test_a_file_without_preamble_is_read(tmp_path: Path) -> None:
    folder = phantom.write_series(tmp_path / "a", phantom.ramp(STRAIGHT), STRAIGHT)
    for file in folder.iterdir():
        content = file.read_bytes()
        length = int.from_bytes(content[140:144], "little")
        file.write_bytes(content[144 + length :])
    np.testing.assert_array_equal(read_volume(folder).array, phantom.ramp(STRAIGHT))


def test_nothing_at_the_path_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(MissingFileError, match="no file or folder"):
        read_volume(tmp_path / "nowhere")


def test_a_folder_without_dicom_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("nothing here")
    with pytest.raises(FileFormatError, match=r"expected DICOM files in the folder .* found none"):
        read_volume(tmp_path)


def test_a_text_file_named_dcm_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.dcm").write_text("I am no image " * 50)
    with pytest.raises(FileFormatError, match="expected a DICOM file"):
        read_volume(tmp_path / "a.dcm")


def test_odd_elements_are_logged_and_not_warned_about(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def odd(data: Dataset, _: int) -> None:
        data.SeriesDescription = "y" * 63

    folder = phantom.write_series(tmp_path / "a", phantom.ramp(STRAIGHT), STRAIGHT, change=odd)
    for file in folder.iterdir():
        file.write_bytes(file.read_bytes().replace(b"ISO_IR 100", b"ISO_IR 999"))
    with caplog.at_level("INFO", logger="voxclick"):
        read_volume(folder, "1.2.826.1")
    assert "ISO_IR 999" in caplog.text
