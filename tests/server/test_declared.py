import gzip
import struct
import zipfile
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from live_server import live

import voxclick as vc
from voxclick.server.declared import declared_voxels
from voxclick.server.settings import Limits

SHAPE = (7, 5, 3)


@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz", "a.nrrd", "a.mha"])
def test_the_header_of_what_we_write_is_understood(tmp_path: Path, name: str) -> None:
    grid = vc.Grid(SHAPE, np.eye(4))
    path = vc.write(vc.Volume(np.zeros(SHAPE, dtype=np.int16), grid), tmp_path / name)
    assert declared_voxels(path) == 105


def test_the_second_nifti_and_archives_are_understood(tmp_path: Path) -> None:
    nib.save(nib.Nifti2Image(np.zeros(SHAPE, dtype=np.int16), np.eye(4)), tmp_path / "b.nii.gz")
    assert declared_voxels(tmp_path / "b.nii.gz") == 105
    np.savez_compressed(tmp_path / "c.npz", imgs=np.zeros(SHAPE), spacing=np.ones(3))
    assert declared_voxels(tmp_path / "c.npz") == 105
    with zipfile.ZipFile(tmp_path / "d.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("IM1", bytes(1 << 20))
    assert declared_voxels(tmp_path / "d.zip") == 1 << 19


@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz", "a.nrrd", "a.npz", "a.zip", "a.dcm", "a"])
@pytest.mark.parametrize(
    "content", [b"", b"x", b"sizes: x", b"\x1f\x8b", b"PK\x03\x04", b"\0" * 600]
)
def test_what_is_no_such_file_is_left_to_its_reader(
    tmp_path: Path, name: str, content: bytes
) -> None:
    (tmp_path / name).write_bytes(content)
    assert declared_voxels(tmp_path / name) == 0


def test_a_small_file_that_unpacks_to_a_giant_is_refused(tmp_path: Path) -> None:
    head = bytearray(nib.Nifti1Header().binaryblock)
    struct.pack_into("<8h", head, 40, 3, 30000, 30000, 30000, 1, 1, 1, 1)
    limits = Limits(voxels=1 << 20)
    with live(tmp_path / "state", limits=limits) as server, server.client() as api:
        upload = api.post("/uploads", json={"name": "bomb"}).json()["upload"]
        api.put(f"/uploads/{upload}/bomb.nii.gz", content=gzip.compress(bytes(head)))
        answer = api.post("/sessions", json={"source": f"upload:{upload}"})
        assert answer.status_code == 413
        assert "1048576 voxels" in answer.json()["detail"]
        assert api.post("/sessions", json={"source": "sample"}).status_code == 413
