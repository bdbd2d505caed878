import torch

from voxclick.models.sam2_slices.frames import MEAN, STD, frame, frame_mask


def test_black_and_white_are_where_imagenet_has_them():
    grey = torch.tensor([[0, 255]], dtype=torch.uint8).repeat(64, 32)
    shown = frame(grey, 64)
    for channel in range(3):
        black, white = -MEAN[channel] / STD[channel], (1 - MEAN[channel]) / STD[channel]
        assert torch.allclose(shown[channel, 0, :2], torch.tensor([black, white]))


def test_a_frame_is_square_whatever_the_slice():
    assert frame(torch.zeros(30, 50, dtype=torch.uint8), 64).shape == (3, 64, 64)


def test_a_mask_on_a_frame_is_sharp():
    mask = torch.zeros(96, 120, dtype=torch.bool)
    mask[20:60, 30:90] = True
    shown = frame_mask(mask, 128)
    assert set(shown.unique().tolist()) == {0.0, 1.0}
    assert abs(float(shown.mean()) - float(mask.float().mean())) < 0.01
