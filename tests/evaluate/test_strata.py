"""Objects by anisotropy and size."""

from voxclick.evaluate.facts import Facts
from voxclick.evaluate.results import Row
from voxclick.evaluate.strata import strata_of


def an_object(case, dice):
    return [Row(case, 1, "x", step, step, dice, dice, 0.1) for step in (1, 2)]


OBJECTS = [an_object("a", 0.2), an_object("b", 0.4), an_object("c", 0.9)]
FACTS = {
    ("a", 1): Facts(10, 0.5, (1.0, 1.0, 1.5)),
    ("b", 1): Facts(10, 50.0, (1.0, 1.0, 5.0)),
    ("c", 1): Facts(10, 500.0, (0.5, 0.5, 5.0)),
}


def test_objects_are_parted_by_anisotropy_and_by_size():
    anisotropy, size = strata_of(OBJECTS, FACTS)
    assert [(part.name, part.objects) for part in anisotropy.parts] == [
        ("up to 1.5", 1),
        ("above 3", 2),
    ]
    assert [part.name for part in size.parts] == ["up to 1 ml", "10 to 100 ml", "above 100 ml"]
    assert [part.dice_last for part in size.parts] == [0.2, 0.4, 0.9]


def test_one_part_alone_is_not_told():
    assert strata_of(OBJECTS[:1], FACTS) == ()
    assert strata_of(OBJECTS, {}) == ()
