"""Tasks on a Ray cluster of two nodes on this machine."""

import pytest
from counting_work import END, Count, Counting
from ray_clusters import NODE, two_nodes

from voxclick.cohort.staff import Staff
from voxclick.errors import OptionError, VoxclickError

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def cluster():
    with two_nodes() as made:
        yield made


def run(cluster, tasks, losses=None, work=None, **options):
    staff = Staff(ray=cluster.address, **{"device": "cpu", **options})
    with staff.hired() as crew:
        return list(crew.run(tasks, work or Counting(), [] if losses is None else losses))


def counted(*tasks):
    return sorted((task.name, str(n)) for task in tasks for n in (*range(task.upto), END))


def as_text(told):
    return sorted((name, str(said)) for name, said in told)


def test_every_task_is_done_once(cluster):
    tasks = [Count(f"t{n}") for n in range(7)]
    losses = []
    assert as_text(run(cluster, tasks, losses)) == counted(*tasks)
    assert losses == []


def test_a_task_whose_worker_dies_is_finished_by_another_and_nothing_is_told_twice(
    cluster, tmp_path
):
    tasks = [Count("a"), Count("b", upto=6, deaths=2, scratch=tmp_path), Count("c")]
    losses = []
    assert as_text(run(cluster, tasks, losses)) == counted(*tasks)
    assert len(losses) == 2
    assert all(line.startswith("b: its process or its machine was lost") for line in losses)


def test_a_task_that_loses_three_workers_is_given_up_and_the_rest_goes_on(cluster, tmp_path):
    tasks = [Count("a", deaths=9, upto=2, scratch=tmp_path), Count("b")]
    told = run(cluster, tasks)
    assert [n for name, n in told if name == "b"] == [0, 1, 2, END]
    number, reason, end = (said for name, said in told if name == "a")
    assert (number, end) == (0, END)
    assert "3 workers were lost on it" in reason


def test_a_missing_file_is_a_failure_of_its_task(cluster, tmp_path):
    told = run(cluster, [Count("a", needs=tmp_path / "gone"), Count("b")])
    assert [n for name, n in told if name == "b"] == [0, 1, 2, END]
    assert "gone, got nothing" in next(said for name, said in told if name == "a")


def test_what_goes_wrong_at_the_start_is_the_error_with_the_machine(cluster):
    with pytest.raises(OptionError, match=r"no such thing \(on 127.0.0.1\)"):
        run(cluster, [Count("a")], work=Counting("no such thing"))


def test_a_crash_at_the_start_says_what_crashed(cluster):
    with pytest.raises(VoxclickError, match="could not begin: ValueError: it broke"):
        run(cluster, [Count("a")], work=Counting(crash="it broke"))


def test_a_cluster_without_a_gpu_says_so(cluster):
    with pytest.raises(OptionError, match=r"takes a GPU, and the Ray cluster has none.*cpu"):
        run(cluster, [Count("a")], device="cuda")


def test_a_node_that_is_lost_takes_nothing_with_it(cluster):
    node = cluster.add_node(**NODE)
    cluster.wait_for_nodes()
    tasks = [Count(f"t{n}", upto=8, pause_s=0.25) for n in range(9)]
    losses, told = [], []
    with Staff("cpu", ray=cluster.address).hired() as crew:
        for said in crew.run(tasks, Counting(), losses):
            told.append(said)
            if len(told) == 12:
                cluster.remove_node(node, allow_graceful=False)
    assert as_text(told) == counted(*tasks)
    (line,) = losses
    assert "its process or its machine was lost" in line


def test_no_worker_is_left_when_a_run_is_ended(cluster, tmp_path):
    with Staff("cpu", ray=cluster.address).hired() as crew:
        events = crew.run([Count("a", upto=99, pause_s=0.1)], Counting(), [])
        assert next(events) == ("a", 0)
        events.close()
        assert as_text(crew.run([Count("c")], Counting(), [])) == counted(Count("c"))
    assert as_text(run(cluster, [Count("b")])) == counted(Count("b"))
