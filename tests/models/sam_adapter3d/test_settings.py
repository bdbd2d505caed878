"""What a file of weights tells of its crops."""

import pytest
import torch

from voxclick.errors import FileFormatError
from voxclick.models.kinds import SAM_ADAPTER3D
from voxclick.models.sam_adapter3d.settings import (
    DATA_SETS,
    Intensity,
    Settings,
    settings_of,
)


def test_settings_survive_a_header():
    settings = Settings(Intensity(-1.5, 2, 0.25, 3), crop=64, spacing_mm=1.5, orientation="IPL")
    assert settings_of(settings.header()) == settings


@pytest.mark.parametrize("row", SAM_ADAPTER3D, ids=lambda row: row.name)
def test_every_published_model_has_its_statistics(row):
    settings = settings_of({"model": row.name})
    assert settings.intensity.low < settings.intensity.mean < settings.intensity.high
    assert (settings.crop, settings.spacing_mm) == (128, 1.0)


def test_there_are_statistics_for_published_models_alone():
    assert {row.name.rsplit("-", 1)[-1] for row in SAM_ADAPTER3D} == set(DATA_SETS)


@pytest.mark.parametrize("header", [{}, {"model": "tumours"}, {"settings": "{"}, {"settings": "1"}])
def test_a_header_that_tells_no_settings_is_refused(header):
    with pytest.raises(FileFormatError, match="kits21") as caught:
        settings_of(header)
    assert "\n" not in str(caught.value)


def test_intensities_are_clipped_and_scaled():
    scale = Intensity(-50, 150, 50, 25)
    assert scale.normalised(torch.tensor([-500.0, 0, 100])).tolist() == [-4, -2, 2]
