"""Tasks that lose their workers."""

from counting_work import END, Count, Counting

from voxclick.cohort.backlog import TRIES, Backlog


def backlog(*names):
    losses = []
    return Backlog([Count(name) for name in names], Counting(), losses), losses


def test_tasks_come_in_order():
    tasks, _ = backlog("a", "b")
    assert [tasks.take().task.name for _ in range(len(tasks))] == ["a", "b"]


def test_another_try_comes_last_and_tells_what_was_not_told():
    tasks, losses = backlog("a", "b")
    turn = tasks.take()
    assert not tasks.told(turn, ("a", 0))
    assert tasks.lose(turn, "it fell over") == ()
    assert losses == ["a: it fell over"]
    assert tasks.take().task.name == "b"
    again = tasks.take()
    assert (again.task.start, again.tries) == (1, 1)
    assert tasks.told(again, ("a", END))


def test_a_task_that_loses_too_many_workers_is_given_up():
    tasks, losses = backlog("a")
    for _ in range(TRIES):
        assert len(tasks) == 1
        told = tasks.lose(tasks.take(), "it fell over")
    assert len(tasks) == 0
    assert len(losses) == TRIES
    (name, reason), end = told
    assert name == "a"
    assert "3 workers were lost on it" in reason
    assert "it fell over" in reason
    assert "fewer workers" in reason
    assert end == ("a", END)
