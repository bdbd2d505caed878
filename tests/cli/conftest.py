"""What holds for every test of the command line."""

import pytest

from voxclick.cli import terminal


@pytest.fixture(autouse=True)
def patient(monkeypatch):
    """No progress lines, however slow the machine."""
    monkeypatch.setattr(terminal, "PATIENCE_S", 3600.0)
