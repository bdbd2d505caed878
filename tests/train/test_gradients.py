"""Gradients of several parameter groups."""

import pytest
import torch
from accelerate import Accelerator
from torch import nn

from voxclick.train.gradients import clip_each_group


@pytest.fixture
def optimiser():
    parts = [nn.Parameter(torch.zeros(2)) for _ in range(2)]
    parts[0].grad, parts[1].grad = torch.tensor([3.0, 4.0]), torch.tensor([6.0, 8.0])
    groups = [{"params": [parts[0]]}, {"params": [parts[1]], "clip": 2.0}]
    return torch.optim.SGD(groups, lr=1.0)


def norms(optimiser):
    return [group["params"][0].grad.norm().item() for group in optimiser.param_groups]


def test_each_group_is_cut_to_its_own_norm(optimiser):
    assert clip_each_group(Accelerator(cpu=True), optimiser, 1.0)
    assert norms(optimiser) == pytest.approx([1.0, 2.0], abs=1e-4)


def test_a_gradient_that_is_no_number_is_told(optimiser):
    optimiser.param_groups[1]["params"][0].grad[0] = torch.nan
    assert not clip_each_group(Accelerator(cpu=True), optimiser, 1.0)
