"""How the learning rate goes over a run."""

import pytest

from voxclick.train.schedule import cosine, rise_and_fall, stepped


def test_the_rate_rises_stays_and_falls():
    shares = [rise_and_fall(step, 100, 10, 0.2) for step in range(100)]
    assert shares[0] == pytest.approx(0.1)
    assert shares[10:80] == pytest.approx([1.0] * 70)
    assert shares[-1] == pytest.approx(0.05)


def test_a_longer_run_is_the_same_until_it_cools_down():
    short, long = ([rise_and_fall(n, steps, 10, 0.2) for n in range(80)] for steps in (100, 1000))
    assert short == long


def test_the_rate_rises_over_the_warm_up_and_drops_at_each_milestone():
    shares = [stepped(epoch, 100, (800, 900)) for epoch in range(1000)]
    assert shares[0] == pytest.approx(0.01)
    assert shares[49] == pytest.approx(0.5)
    assert shares[99:800] == pytest.approx([1.0] * 701)
    assert shares[800:900] == pytest.approx([0.1] * 100)
    assert shares[900:] == pytest.approx([0.01] * 100)


def test_half_a_cosine_goes_from_the_full_rate_to_the_last_one():
    shares = [cosine(step, 100, 0.1) for step in range(101)]
    assert shares[0] == 1.0
    assert shares[50] == pytest.approx(0.55)
    assert shares[100] == pytest.approx(0.1)
    assert shares == sorted(shares, reverse=True)
