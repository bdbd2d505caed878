import math

import pytest
import torch

from voxclick.models.ct_sam3d.clicks import click_maps


def maps(*clicks, rule="published"):
    points = torch.tensor([[click[:3] for click in clicks]], dtype=torch.float32)
    labels = torch.tensor([[click[3] for click in clicks]])
    return click_maps(points, labels, rule=rule)[0]


def at(found, x, y, z):
    return found[:, z, y, x].tolist()


def test_a_click_is_a_gaussian_of_two_voxels_cut_at_eight():
    positive, negative = maps((24, 36, 28, 1))
    assert positive[28, 36, 24] == 1
    assert positive[28, 36, 27] == pytest.approx(math.exp(-9 / 8))
    assert positive[28, 36, 33] == 0
    assert int((positive > 0).sum()) == 4501
    assert float(positive.sum()) == pytest.approx(125.99, abs=0.01)
    assert not negative.any()


def test_coordinates_are_x_y_z_with_fractions_cut_off():
    assert torch.equal(maps((20.9, 3.5, 7.2, 1)), maps((20, 3, 7, 1)))


def test_any_label_but_one_and_minus_one_is_negative():
    found = maps((20, 20, 20, 0), (40, 40, 40, 7), (10, 50, 30, -1))
    assert at(found, 20, 20, 20) == [0, 1]
    assert at(found, 40, 40, 40) == [0, 1]
    assert at(found, 10, 50, 30) == [0, 0]


def test_by_the_published_rule_a_later_click_wipes_out_a_near_one():
    assert at(maps((20, 20, 20, 1), (28, 20, 20, 1)), 20, 20, 20)[0] == pytest.approx(
        math.exp(-8), rel=1e-5
    )
    assert at(maps((20, 20, 20, 1), (29, 20, 20, 1)), 20, 20, 20) == [1, 0]


def test_by_the_published_rule_the_order_of_near_clicks_matters():
    one, other = (20, 20, 20, 1), (24, 20, 20, 1)
    assert not torch.equal(maps(one, other), maps(other, one))


def test_by_the_maximum_rule_every_click_keeps_its_peak_in_any_order():
    one, other = (20, 20, 20, 1), (24, 20, 20, 1)
    found = maps(one, other, rule="maximum")
    assert at(found, 20, 20, 20) == [1, 0]
    assert at(found, 24, 20, 20) == [1, 0]
    assert torch.equal(found, maps(other, one, rule="maximum"))


@pytest.mark.parametrize("rule", ["published", "maximum"])
@pytest.mark.parametrize("x", [-8, -1, 64, 71])
def test_a_click_just_outside_gives_its_part_of_the_patch_scaled_to_one(x, rule):
    positive = maps((x, 30, 30, 1), rule=rule)[0]
    assert positive.max() == 1
    edge = 0 if x < 0 else 63
    assert positive[30, 30, edge] == 1


@pytest.mark.parametrize("x", [-12, -9, 72, 73, 80, 90])
def test_a_click_far_outside_gives_nothing(x):
    assert not maps((x, 30, 30, 1)).any()


def test_by_the_published_rule_a_batch_is_scaled_as_one():
    points = torch.tensor([[[30, 30, 30]], [[67, 30, 30]]])
    labels = torch.ones(2, 1)
    published = click_maps(points, labels)
    assert published[1, 0].max() == pytest.approx(math.exp(-16 / 8))
    assert click_maps(points, labels, rule="maximum")[1, 0].max() == 1


def test_no_click_gives_empty_maps():
    found = click_maps(torch.zeros(2, 0, 3), torch.zeros(2, 0), (32, 64, 96))
    assert found.shape == (2, 2, 32, 64, 96)
    assert not found.any()
