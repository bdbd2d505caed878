import numpy as np
import torch

import voxclick as vc
from voxclick.models.supervised.found import Found

# three columns of voxels along i: background, structure 0, structure 1
LOGITS = torch.full((3, 6, 4, 4), -2.0)
LOGITS[0, :2], LOGITS[1, 2:4], LOGITS[2, 4:] = 3.0, 4.0, 5.0
LOGITS[2, :2] = 0.0  # what is background is rather structure 1 than structure 0
FOUND = Found.of(LOGITS)


def test_each_structure_is_the_networks_answer():
    answer = LOGITS.argmax(dim=0)
    for structure in range(2):
        assert torch.equal(FOUND.mask_of(structure) > 0, answer == structure + 1)


def test_margins_are_those_over_the_likeliest_other_class():
    assert FOUND.margin[2, 0, 0] == 6.0
    assert FOUND.margin[0, 0, 0] == -3.0
    assert FOUND.structure[0, 0, 0] == 1


def test_a_click_chooses_the_structure_under_it():
    assert FOUND.asked([vc.Point((3, 1, 1))], None) == 0
    assert FOUND.asked([vc.Point((5, 1, 1))], None) == 1


def test_on_the_background_the_likeliest_structure_is_chosen():
    assert FOUND.asked([vc.Point((0, 1, 1))], None) == 1


def test_corrections_where_the_network_is_wrong_do_not_change_the_structure():
    corrections = [vc.Point((5, n, 1)) for n in range(4)]
    assert FOUND.asked([vc.Point((3, 1, 1)), *corrections], None) == 0


def test_what_a_first_box_leaves_open_a_click_decides():
    half = vc.Box((3, 0, 0), (5, 4, 4))
    assert FOUND.asked([half, vc.Point((5, 1, 1))], None) == 1
    assert FOUND.asked([half, vc.Point((2, 1, 1))], None) == 0


def test_one_click_on_a_structure_outweighs_many_on_the_background():
    clicks = [vc.Point((0, n, 1)) for n in range(4)]
    assert FOUND.asked([*clicks, vc.Point((2, 1, 1))], None) == 0


def test_a_box_and_a_stroke_choose_what_most_of_them_holds():
    assert FOUND.asked([vc.Box((1, 0, 0), (5, 4, 4))], None) == 0
    line = np.array([[3.0, 1, 1], [4, 1, 1], [5, 1, 1]])
    assert FOUND.asked([vc.Scribble(line)], None) == 1


def test_negative_prompts_do_not_choose():
    prompts = [vc.Point((3, 1, 1)), *(vc.Point((2, n, 1), positive=False) for n in range(3))]
    assert FOUND.asked(prompts, None) == 0
    assert FOUND.asked(prompts[1:], None) is None


def test_without_a_positive_prompt_the_mask_so_far_chooses():
    before = torch.zeros(6, 4, 4)
    before[4:] = 1
    assert FOUND.asked([vc.Point((0, 0, 0), positive=False)], before) == 1


def test_a_network_of_one_structure_has_it_against_the_background():
    one = Found.of(LOGITS[:2])
    assert torch.equal(one.mask_of(0) > 0, LOGITS[1] > LOGITS[0])
