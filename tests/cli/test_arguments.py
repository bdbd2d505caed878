"""Words to commands."""

import pytest

from voxclick.cli.arguments import one_line, parse, spelt_out
from voxclick.cli.info import Info
from voxclick.cli.segment import Segment
from voxclick.errors import OptionError


@pytest.mark.parametrize(
    ("words", "points"),
    [
        (["--point", "1,2,3"], ("1,2,3",)),
        (["--point=1,2,3"], ("1,2,3",)),
        (["--point", "-10.5,3,4"], ("-10.5,3,4",)),
        (["--point=-10.5,3,4"], ("-10.5,3,4",)),
        (["--point", "-.5,3,4", "-1e1,2,-3"], ("-.5,3,4", "-1e1,2,-3")),
        (["--point", "1,2,3", "4,5,6"], ("1,2,3", "4,5,6")),
        (["--point", "1,2,3", "--point", "4,5,6"], ("1,2,3", "4,5,6")),
        (["--point", "1,2,3", "4,5,6", "--point", "7,8,9"], ("1,2,3", "4,5,6", "7,8,9")),
        (["--point=1,2,3", "4,5,6"], ("1,2,3", "4,5,6")),
        (["--point", "nan,2,3", "-inf,2,3"], ("nan,2,3", "-inf,2,3")),
    ],
)
def test_points_come_one_or_many_after_a_flag_negative_numbers_too(words, points):
    call = parse(["segment", "image.nii.gz", "-o", "out.nii.gz", *words])
    assert isinstance(call.command, Segment)
    assert call.command.point == points


def test_the_image_may_follow_the_points():
    call = parse(["segment", "--point", "1,2,3", "4,5,6", "image.nii.gz", "--output", "out.nii.gz"])
    assert isinstance(call.command, Segment)
    assert call.command.image == "image.nii.gz"
    assert call.command.point == ("1,2,3", "4,5,6")


def test_the_kinds_of_prompts_are_told_apart():
    words = ["--box", "1,2,3,4,5,6", "7,8,9,10,11,12", "--negative", "1,1,1", "--point", "2,2,2"]
    command = parse(["segment", "a.nii", "-o", "b.nii", *words]).command
    assert isinstance(command, Segment)
    assert command.box == ("1,2,3,4,5,6", "7,8,9,10,11,12")
    assert command.negative == ("1,1,1",)
    assert command.point == ("2,2,2",)


@pytest.mark.parametrize("words", [["-v", "info", "a.nii"], ["info", "a.nii", "-v"]])
def test_shared_options_stand_before_or_after_the_command(words):
    call = parse(words)
    assert isinstance(call.command, Info)
    assert call.verbose
    assert not call.debug


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["sgement"], "unknown command: sgement; the commands are segment, open"),
        ([], "it takes a command: segment, open"),
        (["segment", "a", "-o", "b", "--poimt", "1,2,3"], "--poimt, 1,2,3; did you mean --point"),
        (["evaluate"], "voxclick evaluate needs DATA and -o DIR, --output DIR; see"),
        (["segment", "a", "-o"], "-o/--output needs a value, got none"),
        (["segment", "a", "-o", "b", "--point"], "--point needs a value, got none"),
        (["segment", "--point", "--space", "ras", "a", "-o", "b"], "--point needs a value"),
        (["segment", "--point", "--point", "1,2,3", "a", "-o", "b"], "--point needs a value"),
        (["segment", "a\0b", "-o", "b.nii"], "null byte"),
        (["segment", "a", "b", "-o", "c"], "unexpected words: b; see voxclick segment --help"),
        (["segment", "a", "-o", "b", "--space", "x"], "--space needs one of 'voxel', 'ras', 'lps'"),
        (["evaluate", "a", "-o", "b", "--clicks", "2.5"], "--clicks needs a whole number, got '2"),
        (["evaluate", "a", "-o", "b", "--tolerance-mm", "x"], "--tolerance-mm needs a number"),
    ],
)
def test_a_complaint_is_one_line_in_our_words(words, said):
    with pytest.raises(OptionError) as caught:
        parse(words)
    told = str(caught.value)
    assert said in told
    assert "\n" not in told
    assert not set(told) & set("╭│╰─")


def test_a_complaint_that_nobody_foresaw_is_still_a_line():
    assert one_line("", ["info"]) == "the arguments make no command; see voxclick info --help"


def test_words_of_other_options_are_left_alone():
    words = ["segment", "a", "--scribble", "b.csv", "--space", "ras", "--report", "c.json"]
    assert spelt_out(words) == words


@pytest.mark.parametrize("words", [["--help"], ["segment", "--help"], ["evaluate", "-h"]])
def test_help_ends_with_code_0_on_stdout(words, capsys):
    with pytest.raises(SystemExit) as done:
        parse(words)
    assert not done.value.code
    told = capsys.readouterr()
    assert "usage: voxclick" in told.out
    assert told.err == ""
