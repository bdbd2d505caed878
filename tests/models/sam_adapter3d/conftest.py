"""Numbers that the authors' own network gave, and networks filled alike."""

import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest
import torch


@pytest.fixture(scope="session")
def parity(parity_dir: Path) -> dict[str, Any]:
    return torch.load(parity_dir / "sam_adapter3d.pt", weights_only=True, mmap=True)


@pytest.fixture(scope="session")
def entries(parity_dir: Path) -> dict[str, dict[str, Any]]:
    """The table of the published checkpoint, by dictionary and key."""
    table = json.loads((parity_dir / "sam_adapter3d_keys.json").read_text())["entries"]
    return {
        ".".join([e["dict"], *([str(e["list_index"])] if "list_index" in e else []), e["key"]]): e
        for e in table
    }


@pytest.fixture(scope="session")
def rule(parity_dir: Path) -> Any:
    spec = importlib.util.spec_from_file_location("rule", parity_dir / "rule.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
