"""Which parts of a network are trained."""

from torch import nn

from voxclick.train.parts import Part, told_parts, trained_parts


def test_trained_and_frozen_numbers_are_counted_by_part():
    network = nn.ModuleDict({"encoder": nn.Linear(3, 2), "head": nn.Linear(2, 1)})
    network["encoder"].weight.requires_grad_(False)
    assert trained_parts(network) == (Part("encoder", 2, 6), Part("head", 3, 0))
    assert told_parts(network) == "trains 5 of 11 parameters: encoder 2 of 8, head 3 of 3"
