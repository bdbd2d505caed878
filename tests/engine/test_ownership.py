import numpy as np
import pytest
from phantoms import GRIDS, bright_ball
from region_growing import RegionGrowing

import voxclick as vc
from voxclick.engine.session import Session
from voxclick.errors import OptionError, UnknownNameError
from voxclick.geometry import Box

CENTRE = (20.0, 18.0, 16.0)


def three(overlap: str = "nearest") -> Session:
    """Objects `a`, `b` and `c` that all claim one ball."""
    volume, _ = bright_ball(GRIDS["anisotropic"], CENTRE, 8.0)
    asked = Session(volume, RegionGrowing(), overlap=overlap)
    for name, i in (("a", 16.0), ("b", 20.0), ("c", 24.0)):
        asked.object(name)
        asked.add(vc.Point((i, 18.0, 16.0)))
    return asked


@pytest.mark.parametrize("overlap", ["nearest", "first", "last", "allow"])
def test_the_labels_in_a_box_are_those_of_the_label_map(overlap: str) -> None:
    asked = three(overlap)
    box = Box((10, 5, 12), (30, 40, 20))
    inside = box.intersection(asked.grid.box)
    labels = asked.labels(box)
    assert labels.dtype == np.uint16
    assert np.array_equal(labels, asked.labelmap().array[inside.slices])
    assert len(np.unique(labels)) > 1
    assert asked.labels(Box.EMPTY).size == 0


def test_labels_of_a_single_object_and_of_none() -> None:
    volume, _ = bright_ball(GRIDS["flipped"], CENTRE, 8.0)
    asked = Session(volume, RegionGrowing())
    assert not asked.labels(asked.grid.box).any()
    asked.add(vc.Point(CENTRE))
    assert np.array_equal(asked.labels(asked.grid.box) == 1, asked.mask().array)


@pytest.mark.parametrize("gone", ["a", "b", "c"])
def test_a_dropped_object_leaves_its_voxels_to_the_others(gone: str) -> None:
    asked = three()
    before = asked.labelmap().array
    change = asked.drop(gone)
    after = asked.labelmap().array
    assert gone not in asked.objects
    assert (before != after).any()
    outside = before != after
    outside[change.box.slices] = False
    assert not outside.any()
    assert not change.mask.any()
    expected = {name: asked.mask(name).array for name in asked.objects}
    again = vc.replay(asked.volume, asked.log, RegionGrowing())
    for name, mask in expected.items():
        assert np.array_equal(again.mask(name).array, mask)


def test_when_one_object_is_left_it_owns_all_that_it_claims() -> None:
    asked = three()
    asked.drop("a")
    asked.drop("c")
    alone = Session(asked.volume, RegionGrowing())
    alone.add(vc.Point((20.0, 18.0, 16.0)))
    assert np.array_equal(asked.mask("b").array, alone.mask().array)
    asked.add(vc.Point((2.0, 2.0, 2.0)))
    asked.add(vc.Point((16.0, 18.0, 16.0)), to="d")
    again = vc.replay(asked.volume, asked.log, RegionGrowing())
    assert np.array_equal(again.labelmap().array, asked.labelmap().array)


def test_the_object_opened_last_is_current_after_the_current_one_is_dropped() -> None:
    asked = three()
    assert asked.current == "c"
    asked.drop("a")
    assert asked.current == "c"
    asked.drop("c")
    assert asked.current == "b"
    asked.drop("b")
    assert asked.objects == ()
    assert asked.current == "object_1"


def test_a_renamed_object_keeps_its_place_its_label_and_its_mask() -> None:
    asked = three()
    mask = asked.mask("b").array
    asked.rename("b", "liver")
    assert asked.objects == ("a", "liver", "c")
    assert np.array_equal(asked.mask("liver").array, mask)
    assert asked.log.objects[1].name == "liver"
    assert asked.current == "c"
    asked.rename("c", "spleen")
    assert asked.current == "spleen"
    asked.rename("spleen", "spleen")


@pytest.mark.parametrize("new", ["", "a"])
def test_a_name_that_is_empty_or_taken_is_refused(new: str) -> None:
    asked = three()
    with pytest.raises(OptionError, match="a name of its own"):
        asked.rename("b", new)
    assert asked.objects == ("a", "b", "c")


def test_an_object_that_is_not_there_can_be_neither_renamed_nor_dropped() -> None:
    asked = three()
    for act in (lambda: asked.rename("x", "y"), lambda: asked.drop("x"), lambda: asked.extent("x")):
        with pytest.raises(UnknownNameError, match="must be one of a, b, c"):
            act()


def test_the_extent_holds_every_voxel_of_the_object() -> None:
    asked = three()
    mask = asked.mask("b").array
    assert asked.voxels("b") == np.count_nonzero(mask)
    mask[asked.extent("b").slices] = False
    assert not mask.any()
