"""Write the benchmark book: `python -m benchmarks.book [DATA ...]` (or `make bench-book`).

Every model whose weights are here answers the same simulated user on the same objects; every
family's cost of one view is measured, with weights drawn at random where its own are not here.
Without data, solids made by rule are segmented. One page with tables and curves comes out.
"""

import argparse
import json
import shlex
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from benchmarks.__main__ import RESULTS, machine, run
from benchmarks.book.page import Book, Cost, write_page
from benchmarks.book.published_size import DRAWN
from benchmarks.book.quality import Asked, Quality, evaluate
from benchmarks.book.solids import write_cases
from voxclick.models import MODELS
from voxclick.models.weights import family_of, presence

SOLIDS = "solids"
CLICKS = 10


def costs(scored: Sequence[str], rest: bool) -> Iterator[Cost]:
    """What a view costs, of every model that is scored and, if wanted, of each other family."""
    families = {model: _family(model) for model in scored}
    for model, family in families.items():
        yield Cost(Path(model).stem, family, False, _cost(model))
    if not rest:
        return
    with tempfile.TemporaryDirectory() as folder:
        for family, write in DRAWN.items():
            if family not in families.values():
                drawn = Path(folder) / f"{family}.safetensors"
                write(drawn)
                name = next(row.name for row in MODELS if row.family == family)
                yield Cost(name, family, True, _cost(str(drawn)))


def _cost(model: str) -> dict[str, object]:
    told: dict[str, object] = json.loads(run([sys.executable, "-m", "benchmarks.book.cost", model]))
    return told


def _family(model: str) -> str:
    named = {row.name: row.family for row in MODELS}
    return named[model] if model in named else family_of(Path(model))


def main() -> None:
    """Evaluate, measure, and write the page."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.book", description=__doc__)
    parser.add_argument("data", nargs="*", type=Path, help="folders of labelled cases")
    parser.add_argument("--models", nargs="+", help="names or files; all whose weights are here")
    parser.add_argument("--clicks", type=int, default=CLICKS)
    parser.add_argument("--limit", type=int, help="at most so many cases of a folder")
    parser.add_argument("--max-objects", type=int, help="at most so many objects of a case")
    parser.add_argument(
        "--scored-only", action="store_true", help="leave out families without weights here"
    )
    parser.add_argument("--results", type=Path, default=RESULTS / "book", help="where to write")
    asked = parser.parse_args()
    here = [row.name for row in MODELS if presence(row) != "absent"]
    models = asked.models or here
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        question = Asked(asked.data, asked.clicks, "center", asked.limit, asked.max_objects)
        if not asked.data:
            write_cases(work / SOLIDS)
            question = replace(question, data=[work / SOLIDS])
        found = [_told(evaluate(model, question, work / "runs")) for model in models]
    measured = list(costs(models, rest=not asked.scored_only))
    book = Book(
        found=found,
        costs=measured,
        absent=[row.name for row in MODELS if presence(row) == "absent"],
        command=_command(asked),
        machine=machine(),
        data=[one.name for one in question.data],
    )
    write_page(book, asked.results)
    print(f"Written to {asked.results / 'README.md'}")


def _command(asked: argparse.Namespace) -> str:
    """What was asked, with data sets by name."""
    words = [one.name for one in asked.data]
    for name in ("limit", "max_objects", "models"):
        if (value := getattr(asked, name)) is not None:
            many = value if isinstance(value, list) else [str(value)]
            words += [f"--{name.replace('_', '-')}", *(Path(one).name for one in many)]
    words += [] if asked.clicks == CLICKS else ["--clicks", str(asked.clicks)]
    return shlex.join(["python", "-m", "benchmarks.book", *words])


def _told(quality: Quality) -> Quality:
    mean = quality.dice().mean(axis=0)
    print(f"{quality.model:<24} {len(quality.rows)} objects, Dice {mean[0]:.3f} to {mean[-1]:.3f}")
    return quality


if __name__ == "__main__":
    main()
