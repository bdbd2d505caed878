import numpy as np
import pytest
import torch
from PIL import Image

from voxclick.models.sam_slices.framing import MEAN, STD, Padded, Shown, Stretched, fitted

SQUARE = (1.0, 1.0)
GREY = (torch.rand(30, 48, generator=torch.Generator().manual_seed(0)) * 255).round()


def test_the_longest_side_fills_the_frame():
    assert fitted(Shown((30, 48), SQUARE), 64) == (40, 64)
    assert fitted(Shown((48, 30), SQUARE), 64) == (64, 40)


def test_pixels_that_are_no_squares_become_squares():
    assert fitted(Shown((20, 40), (2.0, 1.0)), 64) == (64, 64)


def test_a_frame_of_sam_is_what_its_predictor_makes():
    frame = Padded().frame(GREY, Shown((30, 48), SQUARE), 64)
    image = Image.fromarray(GREY.to(torch.uint8).numpy())
    resized = np.array(image.resize((64, 40), Image.Resampling.BILINEAR))
    wanted = torch.from_numpy(resized).float()
    for colour in range(3):
        assert ((frame[colour, :40] * STD[colour] + MEAN[colour]) - wanted).abs().max() <= 1.01
    assert frame[:, 40:].abs().max() == 0


def test_a_frame_of_medsam_goes_from_0_to_1():
    frame = Stretched().frame(GREY * 0.3 + 40, Shown((30, 48), SQUARE), 64)
    assert (frame.min(), frame.max()) == (0, 1)
    assert torch.equal(frame[0], frame[2])


def test_a_slice_of_one_value_is_black_to_medsam():
    frame = Stretched().frame(torch.full((30, 48), 77.0), Shown((30, 48), SQUARE), 64)
    assert frame.abs().max() == 0


@pytest.mark.parametrize("framing", [Padded(), Stretched()])
def test_clicks_are_scaled_as_their_authors_do(framing):
    shown = Shown((30, 48), SQUARE)
    places = framing.places(torch.tensor([[12.0, 15.0]]), shown, 64)
    assert places[0].tolist() == pytest.approx([16, 20 if isinstance(framing, Padded) else 32])


@pytest.mark.parametrize("framing", [Padded(), Stretched()])
@pytest.mark.parametrize("sides", [SQUARE, (3.0, 1.0)])
def test_a_mask_goes_to_the_networks_raster_and_back(framing, sides):
    shown = Shown((30, 48), sides)
    mask = torch.zeros(30, 48)
    mask[8:22, 10:35] = 1
    held = framing.gather(mask, shown, 256, 64)
    assert held.shape == (64, 64)
    back = framing.spread(held * 10, shown, 256) > 0
    both = (back & (mask > 0)).sum()
    assert 2 * both / (back.sum() + mask.sum()) > 0.93
