"""`voxclick segment` with input that is right."""

import json

import numpy as np
import pytest
from matplotlib import image as images
from phantoms import GRIDS, bright_ball

import voxclick as vc
from voxclick.cli import main
from voxclick.models.kinds import MODELS
from voxclick.prompts import ObjectLog, PromptLog, Step

CENTRE = (20.0, 18.0, 16.0)
CLICK = ("--point", "20,18,16")


@pytest.fixture
def ball(tmp_path):
    """The path of a bright ball on an anisotropic grid, and its mask."""
    volume, truth = bright_ball(GRIDS["anisotropic"], CENTRE, 9.0)
    return str(vc.write(volume, tmp_path / "image.nii.gz")), truth


def segmented(image, out, *words):
    assert main(["segment", str(image), "-o", str(out), *map(str, words)]) == 0
    return vc.read_labelmap(out)


def logged(image, folder, *words):
    """The prompts that a command line gave, as in the log."""
    segmented(image, folder / "out.nii.gz", *words, "--save-prompts", folder / "saved.json")
    objects = json.loads((folder / "saved.json").read_text())["objects"]
    return [{**p, "object": each["name"]} for each in objects for p in each["prompts"]]


def two_object_log(path):
    steps = [Step(vc.Point(CENTRE), 0), Step(vc.Point((2, 2, 2)), 1)]
    logs = (ObjectLog("ball", 3, (steps[0],)), ObjectLog("ground", 7, (steps[1],)))
    PromptLog(logs).save(path)
    return path


@pytest.mark.parametrize("name", GRIDS)
def test_a_click_gives_the_object_on_the_grid_of_the_image(name, tmp_path, capsys):
    volume, truth = bright_ball(GRIDS[name], CENTRE, 9.0)
    image = vc.write(volume, tmp_path / "image.nii.gz")
    labels = segmented(image, tmp_path / "out.nii.gz", *CLICK)
    assert labels.grid.matches(volume.grid)
    found = labels.array == 1
    assert 2 * (found & truth.array).sum() / (found.sum() + truth.voxels) > 0.9
    told = capsys.readouterr()
    assert told.err == ""
    assert told.out.startswith(f"object {found.sum() * truth.grid.voxel_volume_mm3 / 1000:.3g} ml")
    assert len(told.out.splitlines()) == 1
    assert str(tmp_path / "out.nii.gz") in told.out


def test_values_after_one_flag_and_repeated_flags_are_the_same(ball, tmp_path):
    image, _ = ball
    once = logged(image, tmp_path, "--point", "20,18,16", "21,18,16", "--negative", "3,3,3")
    again = logged(
        image, tmp_path, "--point", "20,18,16", "--negative=3,3,3", "--point", "21,18,16"
    )
    assert once == again
    assert [prompt["at"] for prompt in once] == [[20, 18, 16], [21, 18, 16], [3, 3, 3]]


def test_options_may_stand_before_the_image(ball, tmp_path):
    image, _ = ball
    words = ["segment", "--point", "20,18,16", "21,18,16", image, "-o", str(tmp_path / "a.nii")]
    assert main(words) == 0


@pytest.mark.parametrize("name", GRIDS)
def test_a_click_in_millimetres_is_the_same_click(name, tmp_path):
    volume, _ = bright_ball(GRIDS[name], CENTRE, 9.0)
    image = vc.write(volume, tmp_path / "image.nii.gz")
    ras = volume.grid.to_ras(np.array([CENTRE]))[0]
    for space, at in (("ras", ras), ("lps", ras * (-1, -1, 1))):
        text = ",".join(f"{number:.6f}" for number in at)
        (prompt,) = logged(image, tmp_path, "--space", space, "--point", text)
        np.testing.assert_allclose(prompt["at"], CENTRE, atol=1e-3)


def test_prompts_come_in_the_order_that_the_help_tells(ball, tmp_path):
    image, truth = ball
    mask = vc.write(truth, tmp_path / "draft.nii.gz")
    rows = tmp_path / "rows.csv"
    rows.write_text("20,18,16\n21,18,16\n")
    away = tmp_path / "away.csv"
    away.write_text("2,2,2\n")
    flags = ("--negative", "2,3,2", *CLICK, "--negative-scribble", away, "--scribble", rows)
    prompts = logged(image, tmp_path, *flags, "--box", "5,5,9,35,31,23", "--mask", mask)
    assert [(prompt["kind"], prompt.get("positive", True)) for prompt in prompts] == [
        ("mask", True),
        ("box", True),
        ("scribble", True),
        ("scribble", False),
        ("point", True),
        ("point", False),
    ]


def test_a_log_gives_the_mask_that_replaying_it_gives(ball, tmp_path):
    image, _ = ball
    session = vc.Session(image)
    session.add(vc.Point(CENTRE))
    session.add(vc.Point((20, 25, 16), positive=False))
    session.log.save(tmp_path / "log.json")
    labels = segmented(image, tmp_path / "out.nii.gz", "--prompts", tmp_path / "log.json")
    assert (labels.array > 0).sum() > 0
    np.testing.assert_array_equal(labels.array > 0, session.mask().array)


def test_several_objects_make_a_label_map_with_their_names(ball, tmp_path, capsys):
    image, _ = ball
    log = two_object_log(tmp_path / "log.json")
    labels = segmented(image, tmp_path / "out.seg.nrrd", "--prompts", log)
    assert dict(labels.names) == {3: "ball", 7: "ground"}
    assert labels.array[20, 18, 16] == 3
    assert labels.array[2, 2, 2] == 7
    told = capsys.readouterr().out
    assert "ball" in told
    assert "ground" in told


def test_further_clicks_go_to_the_named_object(ball, tmp_path):
    image, _ = ball
    log = two_object_log(tmp_path / "log.json")
    prompts = logged(image, tmp_path, "--prompts", log, "--name", "ball", "--point", "20,19,16")
    assert [prompt["object"] for prompt in prompts] == ["ball", "ball", "ground"]
    prompts = logged(image, tmp_path, "--prompts", log, "--name", "new", "--point", "5,30,30")
    assert [prompt["object"] for prompt in prompts] == ["ball", "ground", "new"]


def test_further_clicks_to_one_of_several_objects_need_its_name(ball, tmp_path, capsys):
    image, _ = ball
    log = two_object_log(tmp_path / "log.json")
    out = tmp_path / "out.nii.gz"
    assert main(["segment", image, "-o", str(out), "--prompts", str(log), *CLICK]) == 2
    assert "--name" in capsys.readouterr().err
    assert not out.exists()


def test_further_clicks_go_to_the_only_object_of_a_log(ball, tmp_path):
    image, _ = ball
    PromptLog((ObjectLog("ball", 1, (Step(vc.Point(CENTRE), 0),)),)).save(tmp_path / "one.json")
    prompts = logged(image, tmp_path, "--prompts", tmp_path / "one.json", "--negative", "3,3,3")
    assert [(prompt["object"], prompt["positive"]) for prompt in prompts] == [
        ("ball", True),
        ("ball", False),
    ]


@pytest.mark.parametrize("ending", [".nii", ".nii.gz", ".nrrd", ".seg.nrrd", ".mha", ".npz"])
def test_the_ending_says_the_format_and_the_mask_is_the_same(ending, ball, tmp_path):
    image, _ = ball
    plain = segmented(image, tmp_path / "plain.nii.gz", *CLICK)
    other = segmented(image, tmp_path / f"other{ending}", *CLICK)
    np.testing.assert_array_equal(other.array, plain.array)


def test_a_mask_to_start_from_is_kept_where_nothing_corrects_it(ball, tmp_path):
    image, truth = ball
    draft = vc.write(truth, tmp_path / "draft.nii.gz")
    labels = segmented(image, tmp_path / "out.nii.gz", "--mask", draft)
    np.testing.assert_array_equal(labels.array > 0, truth.array)


@pytest.mark.parametrize("label", ["2", "shell"])
def test_one_label_of_a_mask_file_can_be_chosen(label, ball, tmp_path):
    image, truth = ball
    array = truth.array.astype(np.uint8)
    array[:20] *= 2
    labels = vc.LabelMap(array, truth.grid, {1: "core", 2: "shell"})
    draft = vc.write(labels, tmp_path / "draft.seg.nrrd")
    words = ("--mask", draft, "--mask-label", label)
    found = segmented(image, tmp_path / "out.nii.gz", *words)
    np.testing.assert_array_equal(found.array > 0, array == 2)


def test_an_output_may_replace_an_older_one_and_the_mask_it_started_from(ball, tmp_path):
    image, truth = ball
    draft = vc.write(truth, tmp_path / "draft.nii.gz")
    labels = segmented(image, draft, "--mask", draft, "--negative", "20,18,16")
    assert not labels.array[20, 18, 16]


def test_the_report_tells_what_ran_on_what_and_what_came_out(ball, tmp_path):
    image, _ = ball
    report = tmp_path / "run.json"
    words = (*CLICK, "--negative", "3,3,3", "--name", "ball", "--report", report)
    labels = segmented(image, tmp_path / "out.nii.gz", *words)
    run = json.loads(report.read_text())
    assert set(run["versions"]) == {"voxclick", "python", "torch", "numpy"}
    assert run["device"].split(":")[0] in ("cpu", "cuda", "mps")
    assert run["model"] == MODELS[0].name
    assert run["image"]["path"] == image
    assert run["image"]["shape"] == [40, 36, 32]
    np.testing.assert_allclose(run["image"]["spacing_mm"], (0.8, 0.8, 3.0), atol=1e-5)
    (thing,) = run["objects"]
    mask = labels.mask(1)
    assert (thing["name"], thing["label"], thing["voxels"]) == ("ball", 1, mask.voxels)
    assert thing["volume_ml"] == pytest.approx(mask.volume_ml)
    assert PromptLog.from_json(run["prompts"]).objects[0].prompts[0] == vc.Point(CENTRE)
    assert [each["kind"] for each in run["seconds"]["each_prompt"]] == ["point", "point"]
    assert 0 < run["seconds"]["read"] < run["seconds"]["total"]
    assert run["outputs"] == {"mask": str(tmp_path / "out.nii.gz")}


def test_the_preview_is_a_picture(ball, tmp_path):
    image, _ = ball
    preview = tmp_path / "preview.png"
    segmented(image, tmp_path / "out.nii.gz", *CLICK, "--preview", preview)
    assert images.imread(preview).shape[0] > 300


def test_an_object_that_ends_up_empty_is_written_and_said(ball, tmp_path, capsys):
    image, truth = ball
    draft = vc.write(truth, tmp_path / "draft.nii.gz")
    steps = (
        Step(vc.MaskPrompt(vc.read_mask(draft)), 0),
        Step(vc.Box((0, 0, 0), (40, 36, 32), positive=False), 1),
    )
    PromptLog((ObjectLog("ball", 1, steps),)).save(tmp_path / "log.json")
    labels = segmented(image, tmp_path / "out.nii.gz", "--prompts", tmp_path / "log.json")
    assert not labels.array.any()
    told = capsys.readouterr()
    assert told.out.startswith("ball 0.0 ml -> ")
    assert "ball is empty" in told.err


@pytest.mark.slow
def test_the_packaged_sample_goes_by_its_name(tmp_path):
    labels = segmented("sample", tmp_path / "out.nii.gz", "--point", "80,135,88")
    assert labels.array[80, 135, 88] == 1
    assert labels.grid.matches(vc.sample().grid)


@pytest.mark.slow
def test_a_dicom_series_becomes_a_dicom_segmentation(data_dir, tmp_path):
    series = data_dir / "dicom" / "totalseg_ct"
    words = ("--point", "150,270,10", "--name", "liver")
    labels = segmented(series, tmp_path / "out.dcm", *words)
    assert "liver" in labels.names.values()
    assert labels.array.any()
