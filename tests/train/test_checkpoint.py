"""What a run goes on from."""

import torch
from torch import nn

from voxclick.train.checkpoint import Average


def test_an_average_without_decay_is_the_last_weights_with_their_buffers():
    network = nn.BatchNorm1d(2)
    average = Average.of(network)
    for step in range(3):
        network(torch.randn(4, 2))
        average.update(network, 0.0, step)
    state = network.state_dict()
    assert all(torch.equal(average.weights[name], value) for name, value in state.items())
    assert int(average.weights["num_batches_tracked"]) == 3


def test_an_average_lags_behind_the_weights():
    network = nn.Linear(1, 1, bias=False)
    nn.init.zeros_(network.weight)
    average = Average.of(network)
    nn.init.ones_(network.weight)
    average.update(network, 0.75, step=1000)
    assert average.weights["weight"].item() == 0.25
