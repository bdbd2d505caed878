import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from phantoms import GRIDS

import voxclick as vc
from voxclick.errors import GridMismatchError, LogError, PromptError
from voxclick.geometry import Box
from voxclick.prompts import Suggestion
from voxclick.server.orientation import Orientation

ARRAY = np.arange(40 * 36 * 32).reshape(40, 36, 32)


@pytest.mark.parametrize("name", GRIDS)
def test_the_page_sees_the_same_voxel_at_the_same_place_in_the_patient(name: str) -> None:
    orientation = Orientation.of(GRIDS[name])
    assert orientation.view.orientation == "RAS"
    turned = orientation.turned(ARRAY)
    assert turned.shape == orientation.view.shape
    for index in [(0, 0, 0), (3, 20, 11), tuple(n - 1 for n in turned.shape)]:
        at = orientation.view.to_ras(np.array([index], dtype=float))
        i, j, k = np.round(GRIDS[name].to_voxel(at)[0]).astype(int)
        assert turned[index] == ARRAY[i, j, k]


@pytest.mark.parametrize("name", GRIDS)
def test_turning_copies_nothing_and_turning_back_undoes_it(name: str) -> None:
    orientation = Orientation.of(GRIDS[name])
    turned = orientation.turned(ARRAY)
    assert np.shares_memory(turned, ARRAY)
    assert np.array_equal(orientation.turned_back(turned), ARRAY)


@pytest.mark.parametrize("name", GRIDS)
def test_a_box_in_the_view_holds_the_same_voxels(name: str) -> None:
    orientation = Orientation.of(GRIDS[name])
    box = Box((3, 5, 7), (10, 30, 8))
    inside = orientation.turned(ARRAY)[orientation.box_in_view(box).slices]
    assert set(inside.ravel()) == set(ARRAY[box.slices].ravel())
    assert orientation.box_in_view(Box.EMPTY).empty


PROMPTS = {
    "point": {"kind": "point", "at": [3, 20, 11], "positive": False},
    "box": {"kind": "box", "start": [3, 4, 5], "stop": [10, 12, 6], "positive": True},
    "scribble": {"kind": "scribble", "points": [[1, 2, 3], [1, 3, 3]], "positive": True},
    "lasso": {
        "kind": "lasso",
        "vertices": [[2.25, 2.75, 9], [10.25, 2.75, 9], [10.75, 12.25, 9], [2.25, 12.25, 9]],
        "axis": 2,
        "positive": True,
    },
}


@pytest.mark.parametrize("name", GRIDS)
@pytest.mark.parametrize("kind", PROMPTS)
def test_a_prompt_comes_back_to_the_page_as_it_was_drawn(name: str, kind: str) -> None:
    orientation = Orientation.of(GRIDS[name])
    native = orientation.native_prompt({**PROMPTS[kind], "space": "view"})
    assert orientation.shown_prompt(native) == PROMPTS[kind]


@pytest.mark.parametrize("name", GRIDS)
@pytest.mark.parametrize("kind", PROMPTS)
def test_a_prompt_marks_the_voxels_that_the_page_meant(name: str, kind: str) -> None:
    orientation = Orientation.of(GRIDS[name])
    native = orientation.native_prompt({**PROMPTS[kind], "space": "view"})
    shown = vc.PromptLog.from_json({"objects": [{"prompts": [PROMPTS[kind]]}]})
    meant = shown.objects[0].prompts[0].to_voxel(orientation.view).voxels()
    turned = orientation.turned(ARRAY)
    i, j, k = native.voxels().T
    x, y, z = meant.T
    assert set(ARRAY[i, j, k]) == set(turned[x, y, z])


@pytest.mark.parametrize("name", GRIDS)
@pytest.mark.parametrize("slices", [None, [4, 7]])
def test_a_mask_drawn_on_the_page_is_the_same_mask(name: str, slices: list[int] | None) -> None:
    orientation = Orientation.of(GRIDS[name])
    shown = np.zeros(orientation.view.shape, dtype=bool)
    shown[4:9, 5:9, 2:8] = True
    axis = None if slices is None else 0
    drawn = vc.MaskPrompt(vc.Mask(shown, orientation.view), axis, slices or ())
    fields = {key: value for key, value in drawn.to_json().items() if key != "affine"}
    native = orientation.native_prompt({**fields, "space": "view"})
    assert isinstance(native, vc.MaskPrompt)
    assert np.array_equal(orientation.turned(native.mask.array), shown)
    told = orientation.shown_prompt(native)
    assert (told["axis"], told["slices"]) == (axis, slices or [])


@given(
    st.sampled_from(sorted(GRIDS)),
    st.tuples(*(st.floats(-0.5, 31.4) | st.integers(0, 31).map(lambda n: n - 0.5),) * 3),
)
def test_a_click_lands_in_the_voxel_that_it_was_in(name: str, at: tuple[float, ...]) -> None:
    orientation = Orientation.of(GRIDS[name])
    native = orientation.native_prompt({"kind": "point", "at": list(at), "space": "view"})
    x, y, z = np.floor(np.array(at) + 0.5).astype(int)
    i, j, k = native.voxels()[0]
    assert ARRAY[i, j, k] == orientation.turned(ARRAY)[x, y, z]
    assert orientation.shown_prompt(native)["at"] == pytest.approx(at, abs=2e-6)


@pytest.mark.parametrize("name", GRIDS)
def test_a_suggestion_is_shown_at_the_voxel_that_it_is_about(name: str) -> None:
    orientation = Orientation.of(GRIDS[name])
    shown = orientation.shown_suggestion(Suggestion((3, 20, 11), False, 0.25))
    assert orientation.turned(ARRAY)[tuple(shown["at"])] == ARRAY[3, 20, 11]
    assert (shown["positive"], shown["doubt"]) == (False, 0.25)
    assert orientation.native_index(shown["at"], "view") == (3, 20, 11)
    mm = GRIDS[name].to_ras(np.array([[3.2, 19.8, 11.0]]))[0]
    assert orientation.native_index(mm.tolist(), "ras") == (3, 20, 11)


def test_millimetres_are_taken_as_they_are() -> None:
    orientation = Orientation.of(GRIDS["flipped"])
    x, y, z = GRIDS["flipped"].to_ras(np.array([[3.0, 20, 11]]))[0]
    for space, at in (("ras", [x, y, z]), ("lps", [-x, -y, z]), ("voxel", [3, 20, 11])):
        native = orientation.native_prompt({"kind": "point", "at": at, "space": space})
        assert native.voxels().tolist() == [[3, 20, 11]]


def test_what_cannot_be_placed_is_refused_in_the_pages_own_numbers() -> None:
    orientation = Orientation.of(GRIDS["permuted"])
    with pytest.raises(PromptError, match="inside the volume of"):
        orientation.native_prompt({"kind": "point", "at": [200, 0, 0], "space": "view"})
    with pytest.raises(LogError):
        orientation.native_prompt({"kind": "point", "space": "view"})


def test_a_mask_of_another_shape_is_refused_before_its_runs_are_read() -> None:
    orientation = Orientation.of(GRIDS["straight"])
    huge = {"kind": "mask", "shape": [100000, 100000, 100000], "first": True, "runs": [10**15]}
    with pytest.raises(GridMismatchError, match="shape of the volume"):
        orientation.native_prompt({**huge, "space": "view"})
