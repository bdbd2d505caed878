import numpy as np
import pytest
import torch
from torch import nn

from voxclick.train.supervised.patches import LabelledPatch
from voxclick.train.supervised.step import SupervisedStep, mean_dice

TRUTH = np.zeros((8, 8, 8), dtype=np.int64)
TRUTH[:4], TRUTH[4:, :4] = 1, 2


class Says(nn.Module):
    """Answers with the same logits, at one scale or several."""

    def __init__(self, *classes, sure=20.0):
        super().__init__()
        answers = [nn.functional.one_hot(torch.from_numpy(one), 3) for one in classes]
        scales = torch.stack([sure * one.permute(3, 0, 1, 2).float() for one in answers])
        self.answer = nn.Parameter(scales if len(classes) > 1 else scales[0])

    def forward(self, image):
        return self.answer[None].expand(len(image), *self.answer.shape)


def step(network):
    samples = [LabelledPatch(np.zeros((8, 8, 8), np.float32), TRUTH)] * 2
    loss, measures = SupervisedStep(network)(samples, 0)
    return float(loss.detach()), measures["dice"]


def test_the_right_answer_costs_nothing_and_a_wrong_one_much():
    assert step(Says(TRUTH)) == (pytest.approx(0, abs=1e-4), 1.0)
    loss, dice = step(Says(np.zeros_like(TRUTH)))
    assert loss > 5
    assert dice == 0


def test_coarser_answers_count_half_of_the_finer():
    wrong = np.zeros_like(TRUTH)
    alone = step(Says(wrong))[0]
    loss, dice = step(Says(TRUTH, wrong))
    assert loss == pytest.approx(alone / 3, rel=1e-3)
    assert dice == 1.0


def test_structures_that_are_not_there_do_not_count():
    truth = torch.from_numpy(np.where(TRUTH == 2, 0, TRUTH))[None]
    logits = nn.functional.one_hot(torch.from_numpy(TRUTH), 3).permute(3, 0, 1, 2)[None].float()
    assert mean_dice(logits, truth) == 1.0
    assert np.isnan(mean_dice(logits, torch.zeros_like(truth)))
