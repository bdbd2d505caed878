"""From the words of the command line to a command, by tyro.

Two things are adapted. Tyro's repeatable options take one value each, so `--point 1,2,3 4,5,6` is
spelt out as `--point 1,2,3 --point 4,5,6` first. And tyro frames its complaints in boxes of several
lines, of which the sense is raised as one line.
"""

import importlib
import re
import sys
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout, suppress
from dataclasses import dataclass
from functools import reduce
from io import BytesIO, StringIO, TextIOWrapper
from operator import or_
from typing import Annotated, Any, Protocol, runtime_checkable

import tyro

from voxclick.errors import OptionError

COMMANDS: dict[str, tuple[str, str]] = {
    "segment": ("voxclick.cli.segment", "Segment"),
    "open": ("voxclick.cli.open", "Open"),
    "serve": ("voxclick.cli.serve", "Serve"),
    "info": ("voxclick.cli.info", "Info"),
    "models": ("voxclick.cli.models", "Models"),
    "fetch": ("voxclick.cli.fetch", "Fetch"),
    "evaluate": ("voxclick.cli.evaluate", "Evaluate"),
    "train": ("voxclick.cli.train", "Train"),
}
"""Each command with the module and the class that define it."""

DESCRIPTION = """A few clicks, boxes or scribbles become a 3D segmentation of a CT or MR volume.

Examples:
  voxclick segment sample -o ventricle.nii.gz --point 79,127,94 --preview ventricle.png
  voxclick info ct.nii.gz
  voxclick segment --help"""

REPEATED = ("--point", "--negative", "--box")
"""Options that take several values after one flag."""

COORDINATES = re.compile(r"[-+.\deEnaif]+(,[-+.\deEnaif]*)+")
NUMBER = re.compile(r"[-+]?[.\d]+")

PLAINER = (
    (r"^Expected one of \{(.*)\}$", r"it takes a command: \1"),
    (r"^Unrecognized options: (?=[^-])", "unexpected words: "),
    (r"^Missing value for argument '(\S+)'.*", r"\1 needs a value, got none"),
    (r"^invalid choice (.*) for argument '(\S+)'.*\((.*)\)$", r"\2 needs one of \3, got \1"),
    (r"^Error parsing (\S+): invalid literal for int.*: (.*)", r"\1 needs a whole number, got \2"),
    (r"^Error parsing (\S+): could not convert \w+ to float: (.*)", r"\1 needs a number, got \2"),
)
"""Tyro's words and ours."""


@runtime_checkable
class Command(Protocol):
    """What every command is: its options as fields, and the work."""

    def run(self) -> int:
        """Do it; gives the exit code."""


@dataclass(frozen=True)
class Call:
    """A command with the options that all commands share."""

    command: Command
    verbose: bool
    debug: bool


def parse(words: Sequence[str]) -> Call:
    """The command that was asked for.

    Raises:
        OptionError: If the words make none; in one line.
        SystemExit: With code 0, after help was printed.
    """
    if any("\0" in word for word in words):
        raise OptionError("no argument can hold a null byte, got one; check the script")
    spelt = spelt_out(words)
    try:
        with redirect_stderr(StringIO()):
            return _by_tyro(spelt, words)
    except SystemExit as finished:
        if not finished.code:
            raise
        raise OptionError(one_line(_complaint(spelt, words), words)) from None


def spelt_out(words: Sequence[str]) -> list[str]:
    """The words with `--point A B` as `--point=A --point=B`, so for each repeated option."""
    spelt: list[str] = []
    flag, value = "", ""
    for word in words:
        name, equals, first = word.partition("=")
        if flag and _continues(value, word):
            spelt.append(f"{flag}={word}")
            value = word
            continue
        if flag and not value:
            spelt.append(flag)  # without a value: tyro says so
        repeated = name in REPEATED and (first or not equals)
        flag, value = (name, first) if repeated else ("", "")
        if equals or not flag:
            spelt.append(word)
    if flag and not value:
        spelt.append(flag)
    return spelt


def one_line(complaint: str, words: Sequence[str]) -> str:
    """The sense of tyro's framed complaint, and where to look."""
    boxes: list[list[str]] = []
    for line in complaint.splitlines():
        if line.startswith("╭"):
            boxes.append([])
        elif boxes and not line.startswith("╰"):
            boxes[-1].append(line.strip("│").removeprefix(" ").rstrip())
    told = "; ".join(_sense(lines) for lines in boxes) or "the arguments make no command"
    command = next((f" {word}" for word in words if word in COMMANDS), "")
    return f"{told}; see voxclick{command} --help"


def _sense(lines: Sequence[str]) -> str:
    """What one box says, and what it suggests, without the pages of help that it repeats."""
    sections: list[list[str]] = [[]]
    for line in lines:
        if line and not line.strip("─"):
            sections.append([])
        else:
            sections[-1].append(line)
    first, *others = sections
    if missing := re.match(r"Missing from (.*):", first[0]):
        # its options are indented by four, their help by eight
        options = [line.strip() for line in first[1:] if re.match(r" {4}\S", line)]
        return f"{missing[1]} needs {' and '.join(options)}"
    told = " ".join(first).strip().rstrip(". ")
    for pattern, plain in PLAINER:
        told = re.sub(pattern, plain, told)
    for section in others:
        if section[0].startswith("Perhaps you meant"):
            told += f"; did you mean {section[1].strip()}?"
        if there := re.match(r"Available subcommands: (.*)", " ".join(section)):
            told = told.replace("unexpected words", "unknown command")
            told += f"; the commands are {there[1]}"
    return told[:1].lower() + told[1:]


def _continues(value: str, word: str) -> bool:
    """Whether a word is one more value of a repeated option whose last value was `value`."""
    if not value:
        return not re.match(r"-[^\d.in]", word)
    bare = NUMBER.fullmatch(value) and NUMBER.fullmatch(word)
    return bool(bare or COORDINATES.fullmatch(word))


def _complaint(spelt: Sequence[str], words: Sequence[str]) -> str:
    """What tyro says of words that make no command, framed as on a terminal of UTF-8."""
    told = BytesIO()
    with TextIOWrapper(told, encoding="utf-8", write_through=True) as page:
        with redirect_stdout(page), redirect_stderr(page), suppress(SystemExit):
            _by_tyro(spelt, words)
        return told.getvalue().decode("utf-8")


def _by_tyro(spelt: Sequence[str], words: Sequence[str]) -> Call:
    choices = reduce(or_, (_choice(name, full=name in words) for name in COMMANDS))

    @dataclass(frozen=True)
    class Voxclick:
        """Options before or after the command."""

        command: choices  # type: ignore[valid-type]
        """What to do."""
        verbose: Annotated[bool, tyro.conf.arg(aliases=["-v"])] = False
        """Show what the libraries log and warn of."""
        debug: bool = False
        """Show the traceback of an error."""

    parsed: Any = tyro.cli(
        Voxclick,
        prog="voxclick",
        description=DESCRIPTION,
        args=spelt,
        config=(
            tyro.conf.OmitArgPrefixes,
            tyro.conf.OmitSubcommandPrefixes,
            tyro.conf.CascadeSubcommandArgs,
            tyro.conf.FlagCreatePairsOff,
        ),
    )
    return Call(parsed.command, parsed.verbose, parsed.debug)


def _choice(name: str, full: bool) -> Any:
    """A command for tyro; described by the first line where it is one of many."""
    module, attribute = COMMANDS[name]
    command = getattr(importlib.import_module(module), attribute)
    text = (command.__doc__ or "").strip()
    examples = getattr(sys.modules[module], "EXAMPLES", "")
    described = "\n\n".join(filter(None, (_unindented(text), examples)))
    told = described if full else text.split("\n", 1)[0]
    return Annotated[command, tyro.conf.subcommand(name, description=told)]


def _unindented(text: str) -> str:
    return "\n".join(line.strip() for line in text.splitlines())
