import json
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sheared import ALL_GRIDS

from voxclick.errors import (
    InputError,
    LogError,
    MissingFileError,
    OutputError,
    PromptError,
    VoxclickError,
)
from voxclick.geometry import Grid
from voxclick.prompts import (
    BoxPrompt,
    Lasso,
    MaskPrompt,
    ObjectLog,
    Point,
    Prompt,
    PromptLog,
    Scribble,
    Step,
)
from voxclick.prompts.kinds import KINDS
from voxclick.volume import Mask

ON = ALL_GRIDS["oblique"]
SQUARE = [[10.0, 10, 5], [20, 10, 5], [20, 20, 5]]


def every_kind() -> list[Prompt]:
    array = np.zeros(ON.shape, dtype=np.bool_)
    array[3:9, 4:8, 5] = True
    mask = Mask(array, ON)
    return [
        Point((1, 2, 3)),
        Point((1.25, 2, 3), positive=False),
        BoxPrompt((1, 2, 3), (4, 5, 6), positive=False),
        Scribble(np.array([[1.0, 2, 3], [4, 5, 6]])),
        Lasso(np.array(SQUARE), axis=2, positive=False),
        MaskPrompt(mask),
        MaskPrompt(mask, axis=2, slices=[5, 6]),
    ]


def log() -> PromptLog:
    steps = tuple(Step(p, 2 * n, None if n % 2 else n) for n, p in enumerate(every_kind()))
    other = (Step(Point((7, 7, 7)), 1),)
    return PromptLog((ObjectLog("liver", 1, steps), ObjectLog("Leber ü", 4, other)), ON)


def same(a: PromptLog, b: PromptLog) -> bool:
    return json.dumps(a.to_json(), sort_keys=True) == json.dumps(b.to_json(), sort_keys=True)


def test_a_log_of_every_kind_comes_back_from_json_the_same() -> None:
    assert {p.kind for p in every_kind()} == set(KINDS)
    back = PromptLog.from_json(json.loads(json.dumps(log().to_json())))
    assert same(back, log())
    assert [type(p) for p in back.objects[0].prompts] == [type(p) for p in every_kind()]
    assert [s.refinements for s in back.objects[0].steps] == [0, None, 2, None, 4, None, 6]
    assert back.grid is not None
    assert back.grid.matches(ON)


def test_a_log_comes_back_from_a_file_the_same(tmp_path: Path) -> None:
    log().save(tmp_path / "prompts.json")
    assert same(PromptLog.load(tmp_path / "prompts.json"), log())
    assert [p.name for p in tmp_path.iterdir()] == ["prompts.json"]


def test_steps_are_ordered_over_all_objects() -> None:
    assert [step.order for _, step in log().ordered()] == [0, 1, 2, 4, 6, 8, 10, 12]
    assert log().ordered()[1][0].name == "Leber ü"


def test_the_example_of_the_documentation_is_read() -> None:
    example = json.loads(
        '{"version": 1, "space": "voxel", "volume": {"shape": [40, 36, 32], "affine": '
        "[[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]}, "
        '"objects": [{"name": "liver", "label": 1, "prompts": '
        '[{"kind": "point", "at": [1, 2, 3], "positive": true}]}]}'
    )
    read = PromptLog.from_json(example)
    assert read.objects[0].prompts == (Point((1, 2, 3)),)
    assert read.grid is not None
    assert read.grid.shape == (40, 36, 32)


def test_the_example_without_a_volume_fits_every_volume() -> None:
    example = {
        "version": 1,
        "space": "voxel",
        "objects": [
            {
                "name": "liver",
                "label": 1,
                "prompts": [{"kind": "point", "at": [1, 2, 3], "positive": True}],
            }
        ],
    }
    read = PromptLog.from_json(example)
    assert read.grid is None
    for grid in ALL_GRIDS.values():
        read.check_fits(grid)


def test_the_least_log_is_read() -> None:
    read = PromptLog.from_json({"objects": [{"prompts": [{"kind": "point", "at": [1, 2, 3]}]}, {}]})
    assert [(o.name, o.label, len(o.steps)) for o in read.objects] == [
        ("object_1", 1, 1),
        ("object_2", 2, 0),
    ]
    assert read.objects[0].prompts == (Point((1, 2, 3), positive=True),)


@pytest.mark.parametrize("space", ["ras", "lps"])
def test_a_log_in_millimetres_keeps_its_space(space: str) -> None:
    fields = {
        "space": space,
        "objects": [
            {
                "prompts": [
                    {"kind": "point", "at": [1, 2, 3]},
                    {"kind": "box", "start": [9, 9, 9], "stop": [1, 1, 1]},
                    {"kind": "scribble", "points": [[1, 2, 3]]},
                    {"kind": "lasso", "vertices": [[1, 2, 3], [4, 9, 6], [7, 8, 1]]},
                ]
            }
        ],
    }
    read = PromptLog.from_json(fields)
    assert {p.space for p in read.objects[0].prompts} == {space}
    assert same(PromptLog.from_json(read.to_json()), read)


def test_prompts_of_two_spaces_do_not_share_a_log() -> None:
    steps = (Step(Point((1, 2, 3), space="ras"), 0),)
    with pytest.raises(LogError, match="point in ras space"):
        PromptLog((ObjectLog("liver", 1, steps),))


@pytest.mark.parametrize("name", sorted(set(ALL_GRIDS) - {"oblique"}))
def test_a_log_of_another_volume_does_not_fit(name: str) -> None:
    log().check_fits(ON)
    with pytest.raises(LogError, match="belongs to a volume of") as caught:
        log().check_fits(ALL_GRIDS[name])
    assert "\n" not in str(caught.value)


POINT = {"kind": "point", "at": [1, 2, 3]}
BAD_PROMPTS: dict[str, object] = {
    "no kind": {"at": [1, 2, 3]},
    "unknown kind": POINT | {"kind": "click"},
    "kind of another type": POINT | {"kind": ["point"]},
    "not an object": [1, 2, 3],
    "missing field": {"kind": "point"},
    "two numbers": POINT | {"at": [1, 2]},
    "four numbers": POINT | {"at": [1, 2, 3, 4]},
    "texts": POINT | {"at": ["1", "2", "3"]},
    "null": POINT | {"at": None},
    "nan": POINT | {"at": [1, float("nan"), 3]},
    "infinity": POINT | {"at": [1, float("inf"), 3]},
    "huge": POINT | {"at": [1, 10**400, 3]},
    "sign as text": POINT | {"positive": "false"},
    "order as text": POINT | {"order": "1"},
    "order null": POINT | {"order": None},
    "negative order": POINT | {"order": -1},
    "refinements as fraction": POINT | {"refinements": 1.5},
    "negative refinements": POINT | {"refinements": -1},
    "a space of its own": POINT | {"space": "ras"},
    "empty scribble": {"kind": "scribble", "points": []},
    "ragged scribble": {"kind": "scribble", "points": [[1, 2, 3], [1, 2]]},
    "box inside out": {"kind": "box", "start": [5, 5, 5], "stop": [1, 9, 9]},
    "box without stop": {"kind": "box", "start": [5, 5, 5]},
    "lasso of two": {"kind": "lasso", "vertices": SQUARE[:2]},
    "lasso off its slice": {"kind": "lasso", "vertices": SQUARE, "axis": 0},
    "lasso with a fractional axis": {"kind": "lasso", "vertices": SQUARE, "axis": 2.0},
    "mask with an infinite shape": {
        "kind": "mask",
        "shape": [float("inf"), 1, 1],
        "affine": np.eye(4).tolist(),
        "first": True,
        "runs": [1],
    },
    "mask of huge runs": {
        "kind": "mask",
        "shape": [1, 1, 1],
        "affine": np.eye(4).tolist(),
        "first": True,
        "runs": [2**70],
    },
    "mask that fits no memory": {
        "kind": "mask",
        "shape": [2**20, 2**20, 2**20],
        "affine": np.eye(4).tolist(),
        "first": True,
        "runs": [2**60],
    },
    "mask of fractional runs": {
        "kind": "mask",
        "shape": [1, 1, 3],
        "affine": np.eye(4).tolist(),
        "first": True,
        "runs": [1.5, 1.5],
    },
}


@pytest.mark.parametrize("prompt", BAD_PROMPTS.values(), ids=BAD_PROMPTS)
def test_a_prompt_that_cannot_be_is_refused_in_one_line(prompt: object) -> None:
    with pytest.raises((LogError, PromptError)) as caught:
        PromptLog.from_json({"objects": [{"name": "liver", "prompts": [POINT, prompt]}]})
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300


def test_a_missing_field_and_an_unknown_kind_are_named() -> None:
    with pytest.raises(LogError, match="point prompt needs the field 'at'"):
        PromptLog.from_json({"objects": [{"prompts": [{"kind": "point"}]}]})
    with pytest.raises(LogError, match="point, box, scribble, lasso, mask, got 'click'"):
        PromptLog.from_json({"objects": [{"prompts": [{"kind": "click"}]}]})


BAD_LOGS: dict[str, object] = {
    "a list": [],
    "a number": 3,
    "null": None,
    "no objects": {"version": 1},
    "objects is an object": {"objects": {}},
    "objects of numbers": {"objects": [1]},
    "another version": {"version": 2, "objects": []},
    "version as text": {"version": "1\n", "objects": []},
    "unknown space": {"space": "mm", "objects": []},
    "space as list": {"space": ["ras"], "objects": []},
    "prompts as object": {"objects": [{"prompts": {}}]},
    "prompts null": {"objects": [{"prompts": None}]},
    "label as text": {"objects": [{"label": "1"}]},
    "label 0": {"objects": [{"label": 0}]},
    "label true": {"objects": [{"label": True}]},
    "name as number": {"objects": [{"name": 5}]},
    "name empty": {"objects": [{"name": ""}]},
    "one name twice": {"objects": [{"name": "a"}, {"name": "a"}]},
    "one label twice": {"objects": [{"label": 2}, {"label": 2}]},
    "volume as text": {"objects": [], "volume": "line\nline"},
    "volume without affine": {"objects": [], "volume": {"shape": [1, 2, 3]}},
    "volume with a text shape": {
        "objects": [],
        "volume": {"shape": "123", "affine": np.eye(4).tolist()},
    },
    "volume with a broken affine": {"objects": [], "volume": {"shape": [1, 2, 3], "affine": [[1]]}},
    "volume with an infinite shape": {
        "objects": [],
        "volume": {"shape": [float("inf"), 2, 3], "affine": np.eye(4).tolist()},
    },
    "volume with a huge affine": {
        "objects": [],
        "volume": {"shape": [1, 2, 3], "affine": [[10**400] * 4] * 4},
    },
}


@pytest.mark.parametrize("fields", BAD_LOGS.values(), ids=BAD_LOGS)
def test_what_is_no_log_is_refused_in_one_line(fields: object) -> None:
    with pytest.raises(InputError) as caught:
        PromptLog.from_json(fields)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300


scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(0, 4)
    | st.floats()
    | st.text(max_size=4)
    | st.sampled_from(["point", "box", "ras", 10**400, -(10**400)])
)
anything = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=12,
)
FIELDS = {
    "point": ["at"],
    "box": ["start", "stop"],
    "scribble": ["points"],
    "lasso": ["vertices", "axis"],
    "mask": ["shape", "affine", "first", "runs", "axis", "slices"],
}


@st.composite
def spoiled_prompts(draw: st.DrawFn) -> object:
    """A good prompt with any field replaced, left out or added."""
    fields = dict(draw(st.sampled_from([p.to_json() for p in SMALL])))
    extras = ["positive", "order", "refinements", "kind"]
    for key in draw(st.lists(st.sampled_from([*FIELDS[fields["kind"]], *extras]), max_size=2)):
        if draw(st.booleans()):
            fields[key] = draw(anything)
        else:
            fields.pop(key, None)
    return draw(st.just(fields) | anything)


TINY = Mask(np.array([[[True, False, True]]]), Grid((1, 1, 3), np.eye(4)))
SMALL = [p for p in every_kind() if p.kind != "mask"]
SMALL += [MaskPrompt(TINY), MaskPrompt(TINY, axis=2, slices=[0])]


@settings(max_examples=400)
@given(
    st.fixed_dictionaries(
        {
            "objects": st.lists(
                st.fixed_dictionaries(
                    {"prompts": st.lists(spoiled_prompts(), max_size=3)},
                    optional={"name": anything, "label": anything},
                ),
                max_size=2,
            )
            | anything
        },
        optional={
            "version": st.just(1) | anything,
            "space": st.sampled_from(["voxel", "ras", "lps"]) | anything,
            "volume": anything
            | st.fixed_dictionaries({"shape": anything, "affine": anything})
            | st.fixed_dictionaries(
                {"shape": st.lists(scalars, min_size=3, max_size=3), "affine": st.just(np.eye(4))}
            ),
        },
    )
    | anything
)
def test_any_json_is_a_log_or_an_error_of_ours_in_one_line(fields: object) -> None:
    try:
        read = PromptLog.from_json(fields)
    except VoxclickError as error:
        assert "\n" not in str(error)  # noqa: PT017  (most examples do not raise)
    else:
        assert same(PromptLog.from_json(read.to_json()), read)


BAD_FILES: dict[str, bytes] = {
    "empty": b"",
    "broken off": b'{"version": 1, "objects": [{"na',
    "not text": bytes(range(128, 255)),
    "a picture": b"\x89PNG\r\n\x1a\n\x00",
    "nested too deep": b"[" * 200_000,
    "a number too long": b"[" + b"9" * 5000 + b"]",
    "python, not json": b"{'objects': []}",
    "byte order mark": b'\xef\xbb\xbf{"objects": []}',
}


@pytest.mark.parametrize("content", BAD_FILES.values(), ids=BAD_FILES)
def test_a_file_that_is_not_json_is_refused_with_its_name(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "prompts.json"
    path.write_bytes(content)
    with pytest.raises(LogError, match=r"prompts\.json") as caught:
        PromptLog.load(path)
    assert "\n" not in str(caught.value)


def test_broken_json_tells_where_it_breaks(tmp_path: Path) -> None:
    (tmp_path / "prompts.json").write_text('{"version": 1,\n "objects": [}')
    with pytest.raises(LogError, match="line 2 column 14"):
        PromptLog.load(tmp_path / "prompts.json")


def test_a_folder_is_no_log(tmp_path: Path) -> None:
    with pytest.raises(LogError, match="cannot read"):
        PromptLog.load(tmp_path)


@pytest.mark.parametrize("name", ["absent.json", "absent/prompts.json"])
def test_a_missing_file_is_told(tmp_path: Path, name: str) -> None:
    with pytest.raises(MissingFileError, match="nothing there"):
        PromptLog.load(tmp_path / name)


def test_a_name_that_no_file_can_have_is_refused() -> None:
    with pytest.raises(LogError):
        PromptLog.load("a\0b.json")


def missing_folder(at: Path) -> Path:
    return at / "absent" / "prompts.json"


def folder_of_that_name(at: Path) -> Path:
    (at / "prompts.json").mkdir()
    return at / "prompts.json"


def inside_a_file(at: Path) -> Path:
    (at / "file").write_text("kept")
    return at / "file" / "prompts.json"


def too_long(at: Path) -> Path:
    return at / ("x" * 300)


def root(at: Path) -> Path:
    return Path("/")


@pytest.mark.parametrize(
    "place", [missing_folder, folder_of_that_name, inside_a_file, too_long, root]
)
def test_a_log_that_cannot_be_saved_leaves_nothing_behind(
    tmp_path: Path, place: Callable[[Path], Path]
) -> None:
    target = place(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(OutputError) as caught:
        log().save(target)
    assert "\n" not in str(caught.value)
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.skipif(sys.platform == "win32", reason="there are no links to full devices")
def test_a_log_on_a_full_disk_is_an_error_of_ours(tmp_path: Path) -> None:
    target = tmp_path / "prompts.json"
    (tmp_path / ".prompts.json.part").symlink_to("/dev/full")
    with pytest.raises(OutputError):
        log().save(target)
    assert not target.exists()


def test_saving_again_replaces_the_file_whole(tmp_path: Path) -> None:
    path = tmp_path / "prompts.json"
    path.write_text("old " * 10_000)
    log().save(path)
    assert same(PromptLog.load(path), log())


def test_masks_that_would_fill_the_memory_are_refused_before_one_is_unpacked() -> None:
    mask = {"kind": "mask", "affine": np.eye(4).tolist(), "first": True}
    mask |= {"shape": [2048, 1024, 1024], "runs": [2**31]}
    tracemalloc.start()
    try:
        with pytest.raises(LogError, match=f"got {2**31 * 3}"):
            PromptLog.from_json({"objects": [{"prompts": [mask] * 2}, {"prompts": [mask]}]})
        assert tracemalloc.get_traced_memory()[1] < 2**20
    finally:
        tracemalloc.stop()
