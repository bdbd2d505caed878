"""Outputs that are a file or a folder of files, taken the same way."""

from pathlib import Path


def files_of(path: Path) -> list[Path]:
    """The file itself, or every file in the folder, by name."""
    if path.is_file():
        return [path]
    return sorted(one for one in path.rglob("*") if one.is_file())


def contents_of(path: Path) -> list[bytes]:
    """What is in each of them."""
    return [one.read_bytes() for one in files_of(path)]
