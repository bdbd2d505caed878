"""The house rules that no other tool checks."""

import ast
import importlib
import inspect
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

import voxclick
from voxclick.cli import main
from voxclick.cli.arguments import COMMANDS, parse
from voxclick.evaluate.layouts.kinds import LAYOUTS
from voxclick.io.kinds import FORMATS
from voxclick.metrics.kinds import METRICS
from voxclick.models.base import Segmenter
from voxclick.models.kinds import MODELS
from voxclick.prompts.kinds import KINDS
from voxclick.simulate.kinds import USERS
from voxclick.simulate.user import SimulatedUser
from voxclick.train.kinds import RECIPES

ROOT = Path(__file__).parents[1]
SOURCES = sorted((ROOT / "src" / "voxclick").rglob("*.py"))
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
MOST_LINES, MOST_STATEMENTS = 350, 40
LONG: dict[str, str] = {}
"""Files that may be longer, each with the reason."""
HEAVY = frozenset(
    {"torch", "numba", "SimpleITK", "nibabel", "pydicom", "highdicom", "matplotlib", "scipy"}
    | {"fastapi", "uvicorn", "httpx", "pydantic", "blosc2", "huggingface_hub", "transformers"}
    | {"zarr"}
)
NO_HOME = frozenset({"utils", "util", "common", "helpers", "misc"})


def place(path):
    return str(path.relative_to(ROOT))


def loaded_by(code):
    """Top-level modules that a fresh interpreter loads for this code."""
    report = (
        "import sys; before = set(sys.modules); import contextlib, io\n"
        f"with contextlib.redirect_stdout(io.StringIO()):\n    {code}\n"
        "print(' '.join({name.split('.')[0] for name in set(sys.modules) - before}))"
    )
    done = subprocess.run([sys.executable, "-c", report], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


def module_name(path):
    parts = path.relative_to(ROOT / "src").with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def public_members(owner, module):
    for name, member in vars(owner).items():
        inner = getattr(member, "__func__", member)
        if not name.startswith("_") and getattr(inner, "__module__", module) == module:
            yield name, member


def undocumented(module):
    name = module.__name__
    if not module.__doc__:
        yield name
    for label, thing in public_members(module, name):
        if inspect.isclass(thing):
            # a dataclass without a docstring is given its signature for one
            if not thing.__doc__ or thing.__doc__.startswith(f"{label}("):
                yield f"{name}.{label}"
            for inner, _ in public_members(thing, name):
                member = inspect.getattr_static(thing, inner)
                described = isinstance(member, property | classmethod | staticmethod)
                if (described or inspect.isfunction(member)) and not inspect.getdoc(
                    getattr(thing, inner)
                ):
                    yield f"{name}.{label}.{inner}"
        elif inspect.isfunction(thing) and not inspect.getdoc(thing):
            yield f"{name}.{label}"


def commands_in(page):
    """Every `voxclick ...` that stands on a line of its own in a fenced block."""
    text = page.read_text(encoding="utf-8")
    for block in re.findall(r"^```\w*\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL):
        for line in block.replace("\\\n", " ").splitlines():
            if re.match(r"(\$ )?voxclick\s", line):
                yield line.removeprefix("$ ")


def test_every_source_file_ends_where_a_stranger_can_still_follow():
    lengths = {place(path): len(path.read_text().splitlines()) for path in SOURCES}
    assert {p: n for p, n in lengths.items() if n > MOST_LINES and p not in LONG} == {}
    assert all(lengths[path] > MOST_LINES for path in LONG)


def test_no_function_is_too_long():
    too_long = {}
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                statements = sum(isinstance(n, ast.stmt) for n in ast.walk(node)) - 1
                statements -= ast.get_docstring(node) is not None
                if statements > MOST_STATEMENTS:
                    too_long[f"{place(path)}:{node.name}"] = statements
    assert too_long == {}


def test_nothing_prints():
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            called = node.func if isinstance(node, ast.Call) else None
            assert not (isinstance(called, ast.Name) and called.id == "print"), place(path)


def test_no_module_imports_from_a_parent_by_dots():
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            assert not (isinstance(node, ast.ImportFrom) and node.level > 1), place(path)


def test_every_file_has_a_home_and_a_name():
    assert not {place(path) for path in SOURCES if set(path.with_suffix("").parts) & NO_HOME}


@pytest.mark.parametrize("name", [module_name(path) for path in SOURCES])
def test_every_public_name_is_documented(name):
    assert list(undocumented(importlib.import_module(name))) == []


def test_every_public_name_of_the_package_exists():
    for name in voxclick.__all__:
        assert getattr(voxclick, name) is not None
    assert set(voxclick.__all__) <= set(dir(voxclick))


def test_importing_voxclick_loads_the_standard_library_at_most():
    assert loaded_by("import voxclick") <= {"voxclick"} | sys.stdlib_module_names


@pytest.mark.parametrize("words", ["--help", *(f"{name} --help" for name in COMMANDS)])
def test_help_loads_nothing_heavy(words):
    code = f"from voxclick.cli import main; assert main({words.split()!r}) == 0"
    assert loaded_by(code) & HEAVY == set()


@pytest.mark.parametrize(
    "layer",
    ["geometry", "volume", "prompts", "io", "simulate", "metrics", "models", "wire", "client"],
)
def test_the_light_layers_load_no_torch(layer):
    assert "torch" not in loaded_by(f"import voxclick.{layer}")


def test_every_row_of_the_tables_can_be_imported():
    for model in MODELS:
        kind = getattr(importlib.import_module(model.module), model.segmenter)
        assert issubclass(kind, Segmenter)
        assert kind.spec.prompts == set(model.prompts) <= set(KINDS)
    for user in USERS:
        assert issubclass(getattr(importlib.import_module(user.module), user.user), SimulatedUser)
        assert set(user.prompts) <= set(KINDS)
    for metric in METRICS:
        assert callable(getattr(importlib.import_module(metric.module), metric.function))
    for recipe in RECIPES:
        assert hasattr(importlib.import_module(recipe.module), recipe.recipe)
    for layout in LAYOUTS:
        assert callable(importlib.import_module(layout.module).find)


@pytest.mark.parametrize("kind", FORMATS, ids=lambda kind: kind.name)
def test_every_format_does_what_its_row_says(kind):
    module = importlib.import_module(kind.module)
    for able, function in (
        (kind.reads_images, "read_volume"),
        (kind.reads_labels, "read_labelmap"),
        (kind.writes_labels, "write_labelmap"),
        (kind.writes_images, "write_volume"),
    ):
        assert not able or callable(getattr(module, function))


def test_every_command_has_a_file_of_its_name():
    for name, (module, attribute) in COMMANDS.items():
        assert module == f"voxclick.cli.{name}"
        assert callable(getattr(importlib.import_module(module), attribute).run)


@pytest.mark.parametrize("page", PAGES, ids=place)
def test_every_command_in_the_pages_is_one_that_the_parser_takes(page, capsys):
    for line in commands_in(page):
        words = shlex.split(line, comments=True)[1:]
        if "--help" in words or words == ["--version"]:
            assert main(words) == 0, line
        else:
            parse(words)
    capsys.readouterr()
