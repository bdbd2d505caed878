"""What fits in memory."""

from pathlib import Path

import pytest

from voxclick.errors import TooLargeError
from voxclick.io import memory


def test_the_system_tells_how_much_is_free() -> None:
    available = memory.available_bytes()
    assert available is None or 0 < available < 1 << 50


def test_a_container_may_take_no_more_than_its_share(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "CONTROL_GROUP", tmp_path)
    (tmp_path / "memory.max").write_text("5000000\n")
    (tmp_path / "memory.current").write_text("3000000\n")
    assert memory.available_bytes() == 2_000_000
    (tmp_path / "memory.max").write_text("max\n")
    assert memory.available_bytes() != 2_000_000


def test_what_is_too_large_says_how_large_it_is_and_what_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(memory, "available_bytes", lambda: 4_000_000_000)
    memory.check_fits(Path("a.nii.gz"), 3_900_000_000, "gunzip it")
    with pytest.raises(TooLargeError, match=r"4\.0 GB .* 6\.4 GB; gunzip it"):
        memory.check_fits(Path("a.nii.gz"), 6_400_000_000, "gunzip it")
