"""A small SAM 2 and a small EdgeTAM of every test here, and what the authors gave for another."""

from pathlib import Path
from typing import Any

import pytest
import torch
from published_edgetam import narrow as narrow_edgetam
from published_sam2 import TINY_SIZES, narrow

from voxclick.models.sam2_slices.convert import from_published
from voxclick.models.sam2_slices.network import SliceNetwork


@pytest.fixture(scope="session")
def network() -> SliceNetwork:
    """A network for frames of 64 pixels, drawn at random."""
    return from_published(narrow(), 64, TINY_SIZES)


@pytest.fixture(scope="session")
def edgetam() -> SliceNetwork:
    """An EdgeTAM for frames of 64 pixels, drawn at random."""
    return from_published(narrow_edgetam(), 64)


@pytest.fixture(scope="session", params=["network", "edgetam"])
def either(request: pytest.FixtureRequest) -> SliceNetwork:
    """One after the other."""
    network: SliceNetwork = request.getfixturevalue(request.param)
    return network


@pytest.fixture(scope="session")
def slices() -> torch.Tensor:
    """Ten noisy slices with a bright disc that moves."""
    generator = torch.Generator().manual_seed(3)
    rows, columns = torch.meshgrid(torch.arange(40), torch.arange(50), indexing="ij")
    discs = [((rows - 18) ** 2 + (columns - 20 - n) ** 2 < 80) * 120 for n in range(10)]
    noise = torch.rand(10, 40, 50, generator=generator) * 100
    return (torch.stack(discs) + noise).to(torch.uint8)


@pytest.fixture(scope="session")
def published(parity_dir: Path) -> dict[str, Any]:
    """The small SAM 2.1 of the authors' package, slices, and what it gave for them."""
    held: dict[str, Any] = torch.load(parity_dir / "sam2_micro.pt", weights_only=True)
    return held
