"""OME-Zarr images: where they lie, which of them is meant, and what is refused."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr
from large_volumes import leave_in_files
from phantoms import GRIDS, bright_ball

import voxclick as vc
from voxclick.errors import FileFormatError, InputError, MissingFileError, OptionError, OutputError
from voxclick.preprocess import View
from voxclick.types import Array

ARRAY = np.random.default_rng(0).integers(0, 200, (20, 24, 28)).astype(np.uint16)
"""In the order z, y, x."""


def axes(names: str, unit: str | None = "millimeter", towards: dict[str, str] | None = None) -> Any:
    kinds = {"t": "time", "c": "channel"}
    found: list[dict[str, Any]] = []
    for name in names:
        axis: dict[str, Any] = {"name": name, "type": kinds.get(name, "space")}
        if name in "xyz" and unit:
            axis["unit"] = unit
        if towards and name in towards:
            axis["orientation"] = {"type": "anatomical", "value": towards[name]}
        found.append(axis)
    return found


def made(
    path: Path,
    array: Array = ARRAY,
    names: str = "zyx",
    version: str = "0.5",
    scale: tuple[float, ...] = (3.0, 2.0, 1.0),
    **fields: Any,
) -> Path:
    """A folder as other software writes it."""
    extra = [1.0] * (array.ndim - 3)
    steps = [{"type": "scale", "scale": [*extra, *scale]}]
    if "translation" in fields:
        moved = [*np.zeros(len(extra)).tolist(), *fields.pop("translation")]
        steps.append({"type": "translation", "translation": moved})
    scales = {
        "axes": fields.pop("axes", axes(names)),
        "datasets": [{"path": "0", "coordinateTransformations": steps}],
        **fields.pop("scales", {}),
    }
    told = {"version": version, "multiscales": [scales], **fields}
    old = version == "0.4"
    group = zarr.create_group(
        path, zarr_format=2 if old else 3, attributes=told if old else {"ome": told}
    )
    written = group.create_array(
        "0", shape=array.shape, chunks=(8,) * array.ndim, dtype=array.dtype
    )
    written[...] = array
    return path


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_x_y_z_are_i_j_k_and_lie_as_itk_takes_them(version: str, tmp_path: Path) -> None:
    path = made(tmp_path / "a.ome.zarr", version=version, translation=(30.0, 20.0, 10.0))
    volume = vc.read(path)
    assert np.array_equal(volume.array, ARRAY.T)
    assert volume.grid.spacing_mm == (1.0, 2.0, 3.0)
    assert volume.grid.orientation == "LPS"
    assert np.allclose(volume.grid.affine[:3, 3], (-10, -20, 30))
    assert volume.source is not None
    assert volume.source.format == "ome_zarr"


def test_the_anatomical_orientation_is_obeyed(tmp_path: Path) -> None:
    told = {"x": "left-to-right", "y": "superior-to-inferior", "z": "posterior-to-anterior"}
    path = made(tmp_path / "a.zarr", axes=axes("zyx", towards=told))
    assert vc.read(path).grid.orientation == "RIA"


@pytest.mark.parametrize(
    ("unit", "factor"),
    [("micrometer", 1e-3), ("centimeter", 10.0), (None, 1.0), ("nanometer", 1e-6)],
)
def test_units_are_turned_to_millimetres(unit: str | None, factor: float, tmp_path: Path) -> None:
    path = made(tmp_path / "a.zarr", axes=axes("zyx", unit=unit))
    assert np.allclose(vc.read(path).grid.spacing_mm, np.array([1, 2, 3]) * factor)


def test_transformations_of_all_levels_follow_those_of_one(tmp_path: Path) -> None:
    whole = {"coordinateTransformations": [{"type": "scale", "scale": [2.0, 2.0, 2.0]}]}
    path = made(tmp_path / "a.zarr", translation=(5.0, 5.0, 5.0), scales=whole)
    grid = vc.read(path).grid
    assert grid.spacing_mm == (2.0, 4.0, 6.0)
    assert np.allclose(grid.affine[:3, 3], (-10, -10, 10))


def test_one_of_several_channels_is_chosen_by_number_or_name(tmp_path: Path) -> None:
    array = np.stack([ARRAY, ARRAY + 1])[None]  # t c z y x
    omero = {"channels": [{"label": "T1"}, {"label": "T2"}]}
    path = made(tmp_path / "a.zarr", array, axes=axes("tczyx"), omero=omero)
    for series, expected in (("c=0", ARRAY), ("T2", ARRAY + 1), ("t=0,c=1", ARRAY + 1)):
        assert np.array_equal(vc.read(path, series).array, expected.T)
    with pytest.raises(OptionError, match=r"T1, T2.*c=0"):
        vc.read(path)
    for wrong in ("c=2", "T3", "z=1", "c=-1", ""):
        with pytest.raises(OptionError):
            vc.read(path, wrong)


def test_a_channel_that_is_not_there_is_told_with_what_was_asked(tmp_path: Path) -> None:
    path = made(tmp_path / "a.ome.zarr", np.stack([ARRAY, ARRAY]), axes=axes("czyx"))
    with pytest.raises(OptionError, match="holds 2 along its axis c, got 'DAPI'; add c=0"):
        vc.read(path, "DAPI")


def test_the_only_image_in_a_folder_is_read_and_one_of_several_must_be_named(
    tmp_path: Path,
) -> None:
    zarr.create_group(tmp_path / "a.zarr", zarr_format=3)
    made(tmp_path / "a.zarr" / "0")
    assert np.array_equal(vc.read(tmp_path / "a.zarr").array, ARRAY.T)
    made(tmp_path / "a.zarr" / "1", ARRAY + 1)
    with pytest.raises(FileFormatError, match=r"a\.zarr/0, .*a\.zarr/1"):
        vc.read(tmp_path / "a.zarr")
    assert np.array_equal(vc.read(tmp_path / "a.zarr" / "1").array, ARRAY.T + 1)


def without(path: Path, name: str) -> None:
    """An image from which a file is missing."""
    made(path)
    for file in (path / "0").rglob(name):
        if file.is_file():
            file.unlink()


def holding(path: Path, name: str, content: bytes) -> None:
    """An image of which a file holds something else."""
    made(path)
    (path / name).write_bytes(content)


BROKEN: dict[str, Callable[[Path], object]] = {
    "no metadata": lambda path: zarr.create_group(path, zarr_format=3),
    "bare array": lambda path: zarr.create_array(path, shape=(4, 4, 4), dtype="uint8"),
    "not zarr": lambda path: path.mkdir(),
    "a file": lambda path: path.write_bytes(b"PK"),
    "no chunks": lambda path: without(path, "[0-9]"),
    "no array": lambda path: without(path, "zarr.json"),
    "broken json": lambda path: holding(path, "zarr.json", b"{"),
    "broken chunk": lambda path: holding(path, "0/c/0/0/0", b"none"),
    "complex": lambda path: made(path, ARRAY.astype(np.complex64)),
    "flat": lambda path: made(path, axes=axes("cyx")),
    "unit": lambda path: made(path, axes=axes("zyx", unit="parsec")),
    "zero scale": lambda path: made(path, scale=(1.0, 0.0, 1.0)),
    "affine": lambda path: made(path, scales={"coordinateTransformations": [{"type": "affine"}]}),
    "other axes": lambda path: made(path, axes=axes("tzyx")),
}
"""Images with something wrong."""


@pytest.mark.parametrize("what", BROKEN)
def test_what_is_no_image_is_one_clear_line(what: str, tmp_path: Path) -> None:
    path = tmp_path / "a.ome.zarr"
    BROKEN[what](path)
    with pytest.raises(InputError) as raised:
        vc.read(path)
    assert raised.value.exit_code == 2
    assert str(tmp_path) in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("what", "begins"), [("unit", "lengths in "), ("flat", "a 3D image is needed")]
)
def test_what_is_wrong_is_not_told_as_garbled_metadata(
    what: str, begins: str, tmp_path: Path
) -> None:
    BROKEN[what](tmp_path / "a.ome.zarr")
    with pytest.raises(InputError, match=f"^{begins}"):
        vc.read(tmp_path / "a.ome.zarr")


def test_an_address_is_told_to_be_downloaded() -> None:
    with pytest.raises(MissingFileError, match="download it first"):
        vc.read("https://example.org/a.ome.zarr")


def test_a_folder_that_is_there_is_never_overwritten(tmp_path: Path) -> None:
    path = made(tmp_path / "a.zarr")
    with pytest.raises(OutputError, match="remove it first"):
        vc.write(vc.Mask(np.zeros((2, 2, 2), np.bool_), vc.Grid((2, 2, 2), np.eye(4))), path)
    assert np.array_equal(vc.read(path).array, ARRAY.T)


@pytest.mark.parametrize("name", GRIDS)
def test_other_software_finds_the_voxels_where_they_are(name: str, tmp_path: Path) -> None:
    volume, _ = bright_ball(GRIDS[name], (20, 18, 16), 9.0)
    path = vc.write(volume, tmp_path / "a.ome.zarr")
    group = zarr.open_group(path, mode="r+")
    del group.attrs["voxclick"]
    if name != "oblique":
        assert vc.read(path).grid.matches(volume.grid, tolerance_voxels=1e-6)


def test_wide_views_are_read_from_coarser_levels(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    grid = vc.Grid((260, 48, 40), np.diag([-0.5, 0.5, 0.5, 1]))
    i, j, k = np.ogrid[:260, :48, :40]
    ramp = (2 * i + 3 * j + 4 * k + 10).astype(np.float32)
    path = vc.write(vc.Volume(ramp, grid), tmp_path / "a.ome.zarr")
    leave_in_files(monkeypatch)
    volume = vc.read(path)
    assert [one.grid.shape for one in volume.coarser] == [(130, 24, 20)]
    assert np.allclose(volume.coarser[0].grid.to_ras(np.zeros((1, 3))), [[-0.25, 0.25, 0.25]])
    shutil.rmtree(path / "0" / "c")  # the finest level: it is not read
    wide = vc.Grid((60, 12, 10), np.diag([-2.0, 2.0, 2.0, 1]))
    fine = View.of(vc.Volume(ramp, grid), wide).image
    coarse = View.of(volume, wide).image
    inner = (slice(2, -2),) * 3
    assert float((fine - coarse)[inner].abs().max()) < 0.05
