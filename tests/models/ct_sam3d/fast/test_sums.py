import numpy as np
import torch

from voxclick.models.ct_sam3d.fast.sums import TAPS, clear_faces, column_sums, sum_shares


def test_columns_are_summed_about_a_value():
    rows = np.random.default_rng(0).normal(3, 1, (150, 16)).astype(np.float32)
    about = rows.mean(axis=0)
    sums = np.empty(16)
    column_sums(rows, about, True, sums)
    np.testing.assert_allclose(sums, ((rows - about) ** 2).sum(axis=0), rtol=1e-5)
    column_sums(rows, about, False, sums)
    np.testing.assert_allclose(sums, 0, atol=1e-3)


def test_faces_are_cleared_and_nothing_else():
    image = np.ones((3, 4, 5, 2), np.float32)
    clear_faces(image)
    assert image.sum() == 1 * 2 * 3 * 2
    assert image[1:-1, 1:-1, 1:-1].all()


def test_shares_add_up_to_a_convolution():
    generator = torch.Generator().manual_seed(0)
    image = torch.randn(1, 5, 4, 6, 8, generator=generator)
    weight = torch.randn(1, 5, 3, 3, 3, generator=generator)
    given = torch.einsum("czyx,ct->tzyx", image[0], weight[0].flatten(1))
    apart = given.reshape(TAPS, 2, 2, 3, 2, 4, 2).permute(2, 4, 6, 0, 1, 3, 5)
    into = np.empty((4, 6, 8), np.float32)
    shares = np.ascontiguousarray(apart.reshape(8, TAPS, 2, 3, 4).numpy())
    sum_shares(shares, np.float32(0.5), 0, 2, into)
    expected = torch.nn.functional.conv3d(image, weight, torch.tensor([0.5]), padding=1)
    np.testing.assert_allclose(into, expected[0, 0], atol=1e-4)
