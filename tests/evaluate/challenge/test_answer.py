"""The whole challenge: its loop over files, and the same numbers from `evaluate`."""

import csv
import os
import shlex
from dataclasses import replace
from pathlib import Path

import cc3d
import numpy as np
import pytest
from region_growing import RegionGrowing
from scipy.ndimage import distance_transform_edt

from voxclick.cli import main
from voxclick.cli.arguments import parse
from voxclick.errors import OptionError
from voxclick.evaluate.challenge.answer import answer_file
from voxclick.evaluate.protocol import make_protocol
from voxclick.evaluate.runner import Plan, evaluate
from voxclick.metrics.surface_element import element_areas

SPACING = (2.5, 1.0, 0.8)
SHAPE = (18, 40, 44)


class Short(RegionGrowing):
    """Sees little of the volume at once, and stops early, so that clicks have work to do."""

    spec = replace(RegionGrowing.spec, patch=(12, 12, 12), refinements=0, spacings_mm=(1.0,))


def write_case(folder, seed):
    """Two textured ellipsoids and a rod in noise, in the challenge's axes and grey values."""
    z, y, x = np.indices(SHAPE)
    labels = np.zeros(SHAPE, dtype=np.uint8)
    labels[((z - 9) / 5) ** 2 + ((y - 14) / 9) ** 2 + ((x - 13) / 8) ** 2 <= 1] = 1
    labels[((z - 8) / 4) ** 2 + ((y - 27) / 8) ** 2 + ((x - 31) / 7) ** 2 <= 1] = 2
    labels[2:15, 5:8, 36:39] = 3
    generator = np.random.default_rng(seed)
    grey = generator.normal(60, 22, SHAPE) + np.array([0, 90, 130, 60])[labels]
    path = folder / f"CT_{seed}.npz"
    boxes = [box(labels == label) for label in (1, 2, 3)]
    np.savez_compressed(
        path,
        imgs=grey.clip(0, 255).astype(np.uint8),
        gts=labels,
        spacing=SPACING,
        boxes=np.array(boxes, dtype=object),
    )
    return path


def box(truth):
    slices = np.flatnonzero(truth.any(axis=(1, 2)))
    middle = slices[len(slices) // 2]
    y, x = np.where(truth[middle])
    return {
        "z_min": int(slices[0]),
        "z_max": int(slices[-1]),
        "z_mid": int(middle),
        "z_mid_x_min": int(x.min()),
        "z_mid_y_min": int(y.min()),
        "z_mid_x_max": int(x.max()),
        "z_mid_y_max": int(y.max()),
    }


def click(truth, predicted):
    """The challenge's rule: in the largest part of the error, where it is deepest."""
    error = (truth != predicted).astype(np.uint8)
    if not error.any():
        return None
    parts = cc3d.connected_components(error, connectivity=26)
    sizes = np.bincount(parts.ravel())
    part = parts == 1 + np.argmax(sizes[1:])
    low = np.argwhere(part).min(axis=0)
    high = np.argwhere(part).max(axis=0) + 1
    crop = part[low[0] : high[0], low[1] : high[1], low[2] : high[2]]
    pads = [max(1, int(0.25 * n)) for n in crop.shape]
    padded = np.pad(crop, [(pad, pad) for pad in pads])
    depth = distance_transform_edt(padded) * padded
    ties = np.flatnonzero(depth.ravel() == depth.max())
    place = np.unravel_index(np.random.RandomState(42).choice(ties), padded.shape)
    z, y, x = (int(v) for v in np.array(place) - pads + low)
    return [z, y, x], "fg" if truth[z, y, x] else "bg"


def dice(truth, predicted):
    return 2 * (truth & predicted).sum() / (truth.sum() + predicted.sum())


def surface_dice(truth, predicted, tolerance=2.0):
    """On the whole array, with scipy's exact distances, in the challenge's axes."""
    elements = []
    for mask in (truth, predicted):
        padded = np.pad(mask, 1)
        shape = [n - 1 for n in padded.shape]
        codes = np.zeros(shape, dtype=int)
        for bit, (a, b, c) in enumerate(np.ndindex(2, 2, 2)):
            part = padded[a : a + shape[0], b : b + shape[1], c : c + shape[2]]
            codes += part.astype(int) << (7 - bit)
        border = (codes != 0) & (codes != 255)
        elements.append((border, element_areas(SPACING)[codes[border]]))
    (first, areas), (second, others) = elements
    if not first.any() or not second.any():
        return float(first.any() == second.any())
    near = distance_transform_edt(~second, sampling=SPACING)[first] <= tolerance
    back = distance_transform_edt(~first, sampling=SPACING)[second] <= tolerance
    return (areas[near].sum() + others[back].sum()) / (areas.sum() + others.sum())


def challenge(path, folder, segmenter):
    """The organisers' loop: one request file a call, one prediction file back."""
    with np.load(path, allow_pickle=True) as case:
        truth, held = case["gts"], {key: case[key] for key in ("imgs", "spacing", "boxes")}
    clicks = [{"fg": [], "bg": []} for _ in range(3)]
    order = [[] for _ in range(3)]
    predicted = np.zeros(SHAPE, dtype=np.uint8)
    scores = []
    for turn in range(6):
        for label in (1, 2, 3) if turn else ():
            said = click(truth == label, predicted == label)
            order[label - 1].append(said[1] if said else None)
            if said:
                clicks[label - 1][said[1]].append(said[0])
        request = folder / "request.npz"
        told = {} if turn == 0 else {"prev_pred": predicted}
        if turn:
            told["clicks"] = np.array(clicks, dtype=object)
            told["clicks_order"] = np.array(order, dtype=object)
        np.savez_compressed(request, **held, **told)
        answer_file(request, folder / "answer.npz", segmenter)
        with np.load(folder / "answer.npz") as answered:
            predicted = answered["segs"]
        assert (predicted.dtype, predicted.shape) == (np.uint8, SHAPE)
        pairs = [(truth == label, predicted == label) for label in (1, 2, 3)]
        mean = np.mean([dice(*pair) for pair in pairs])
        scores.append((mean, np.mean([surface_dice(*p) for p in pairs]) if mean > 0.2 else 0.0))
    return np.array(scores)


@pytest.mark.slow
def test_evaluating_gives_the_numbers_of_the_challenges_own_loop(tmp_path):
    (tmp_path / "data").mkdir()
    paths = [write_case(tmp_path / "data", seed) for seed in (1, 2)]
    plan = Plan(tmp_path / "data", tmp_path / "out", make_protocol("cvpr2025", {}), pictures=0)
    assert evaluate(plan, Short()).failures == ()
    with (tmp_path / "out" / "cvpr2025.csv").open(newline="") as file:
        lines = {line["CaseName"]: line for line in csv.DictReader(file)}
    for path in paths:
        scores = challenge(path, tmp_path, Short())
        line = lines[path.stem]
        for column, measure in enumerate(("DSC", "NSD")):
            ours = [float(line[f"{measure}_{turn + 1}"]) for turn in range(6)]
            assert ours == pytest.approx(scores[:, column], abs=1e-6)
            d = scores[1:, column]
            area = d[0] / 2 + d[1] + d[2] + d[3] + d[4] / 2
            assert float(line[f"{measure}_AUC"]) == pytest.approx(area, abs=1e-6)
        assert len(set(scores[:, 0].round(6))) > 3  # the clicks changed something


class Harmful:
    """Makes a file when it is unpickled."""

    def __reduce__(self):
        return (os.mkdir, ("harmed",))


@pytest.mark.slow
def test_a_case_that_the_challenge_cannot_hold_is_told_and_the_rest_goes_on(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    data = tmp_path / "data"
    data.mkdir()
    with np.load(write_case(data, 1), allow_pickle=True) as case:
        arrays = dict(case)
    harmful = np.array([Harmful()], dtype=object)
    np.savez_compressed(data / "CT_harmful.npz", **{**arrays, "boxes": harmful})
    few = arrays["boxes"][:2]
    np.savez_compressed(data / "CT_boxes.npz", **{**arrays, "boxes": few})
    many = arrays["gts"].astype(np.uint16) * 100
    np.savez_compressed(data / "CT_many.npz", **{**arrays, "gts": many})
    plan = Plan(data, tmp_path / "out", make_protocol("cvpr2025", {}), pictures=0)
    summary = evaluate(plan, Short())
    told = {failure.case: failure.reason for failure in summary.failures}
    assert set(told) == {"CT_harmful", "CT_boxes", "CT_many"}
    assert "refused" in told["CT_harmful"]
    assert "each of the 3 objects" in told["CT_boxes"]
    assert "up to 255, got 300" in told["CT_many"]
    assert summary.total.objects == 3
    assert not (tmp_path / "harmed").exists()


def test_beginning_with_the_last_prediction_keeps_it_where_nothing_is_said(tmp_path):
    case = write_case(tmp_path, 3)
    with np.load(case, allow_pickle=True) as held:
        truth = held["gts"]
        arrays = {key: held[key] for key in ("imgs", "spacing", "boxes")}
    clicks = [{"fg": [[9, 14, 13]], "bg": []}, {"fg": [], "bg": []}, {"fg": [], "bg": []}]
    order = [["fg"], [None], [None]]
    previous = np.where(truth == 1, 0, truth).astype(np.uint8)
    np.savez_compressed(
        tmp_path / "request.npz",
        prev_pred=previous,
        clicks=np.array(clicks, dtype=object),
        clicks_order=np.array(order, dtype=object),
        **arrays,
    )
    answer_file(tmp_path / "request.npz", tmp_path / "answer.npz", Short(), start="previous")
    with np.load(tmp_path / "answer.npz") as answered:
        predicted = answered["segs"]
    assert predicted[9, 14, 13] == 1
    assert np.array_equal(predicted == 3, truth == 3)
    with pytest.raises(OptionError, match="start"):
        answer_file(tmp_path / "request.npz", tmp_path / "answer.npz", Short(), start="middle")


@pytest.mark.slow
def test_a_folder_of_requests_is_answered_and_a_broken_one_is_told(tmp_path, capsys):
    (tmp_path / "inputs").mkdir()
    write_case(tmp_path / "inputs", 4)
    (tmp_path / "inputs" / "broken.npz").write_text("this is no archive")
    words = [str(tmp_path / "inputs"), str(tmp_path / "outputs"), "--model", "geodesic"]
    assert main(["predict", *words]) == 1
    told = capsys.readouterr()
    assert "failed: broken.npz" in told.err
    assert "1 of 2 requests answered" in told.out
    assert [path.name for path in (tmp_path / "outputs").iterdir()] == ["CT_4.npz"]


@pytest.mark.parametrize(
    "words", [["nowhere", "out"], ["inputs", "out", "--start", "middle"]], ids=str
)
def test_wrong_words_are_one_line_and_exit_code_two(tmp_path, monkeypatch, capsys, words):
    monkeypatch.chdir(tmp_path)
    assert main(["predict", *words]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_the_challenges_container_asks_for_what_there_is():
    script = (Path(__file__).parents[3] / "docker" / "cvpr2025" / "predict.sh").read_text()
    (line,) = [line for line in script.splitlines() if line.startswith("voxclick ")]
    command = parse(shlex.split(line.replace("${VOXCLICK_MODEL:-builtin}", "builtin"))[1:]).command
    assert (command.inputs, command.outputs) == (Path("inputs"), Path("outputs"))
    assert command.model == "builtin"
