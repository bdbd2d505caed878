"""The training loop: any recipe, any number of processes, resumable to the same result."""

import csv
import json
import logging
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from accelerate import Accelerator, DistributedDataParallelKwargs
from torch import nn

from voxclick.errors import InputError, OptionError
from voxclick.train.checkpoint import (
    CHECKPOINT,
    WEIGHTS,
    Average,
    read_checkpoint,
    save_checkpoint,
)
from voxclick.train.config import Config, recipe_class
from voxclick.train.curves import CURVE, draw_curves
from voxclick.train.feed import Feed
from voxclick.train.gradients import clip_each_group
from voxclick.train.parts import told_parts
from voxclick.train.recipe import Recipe

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Run:
    """One run.

    Attributes:
        config: What it is.
        output: Folder of the checkpoint, the weights, the curves and the configuration.
        data: Folder of labelled volumes; None for none.
        start: Weights to start from; None for new ones.
        seconds: Stop after so long, to go on later; None for never.
    """

    config: Config
    output: Path
    data: Path | None = None
    start: Path | None = None
    seconds: float | None = None


@dataclass(eq=False)
class Trained:
    """What a checkpoint holds and training changes."""

    network: nn.Module
    optimiser: torch.optim.Optimizer
    average: Average
    step: int = 0


def train(run: Run, tell: Callable[[str], None] = log.info) -> Path:
    """Train, or go on with what the output folder holds, and write the weights.

    Every random choice follows from the seed, the step and the process, so that a run that was
    stopped and went on ends as one that was not.

    Args:
        run: What to do.
        tell: Takes a line about the network, and one at each checkpoint.

    Returns:
        The file of the weights.

    Raises:
        InputError: If the folder holds a run of another configuration.
        OptionError: If half precision is wanted of a CPU.
    """
    settings = run.config.settings
    recipe_type = recipe_class(run.config.recipe)
    accelerator = _accelerator(settings.autocast, recipe_type.some_unused)
    recipe = recipe_type(settings, run.data, accelerator.num_processes)
    torch.manual_seed(settings.seed)
    network = recipe.network(run.start)
    optimiser = recipe.optimiser(network)
    network.to(accelerator.device)
    trained = Trained(network, optimiser, Average.of(network))
    _resume(run, trained)
    module, optimiser = accelerator.prepare(
        recipe.module(network, _threads(accelerator)), optimiser
    )
    if accelerator.is_main_process:
        tell(told_parts(network))
    feed = Feed(recipe, accelerator.process_index)
    started = time.monotonic()
    run.output.mkdir(parents=True, exist_ok=True)
    rows: list[dict[str, float]] = []
    while trained.step < recipe.steps:
        began = time.monotonic()
        row = _step(feed, accelerator, module, optimiser, trained.step)
        trained.average.update(network, settings.ema, trained.step)
        trained.step += 1
        row |= {"step": trained.step, "seconds": time.monotonic() - began}
        rows.append(row | dict.fromkeys(recipe.validated, float("nan")))
        out_of_time = run.seconds is not None and time.monotonic() - started > run.seconds
        last = trained.step == recipe.steps or _any(accelerator, out_of_time)
        if trained.step % settings.save_every == 0 or last:
            if accelerator.is_main_process:
                rows[-1] |= recipe.validate(network, trained.step)
                _save(run, recipe, trained, rows)
                tell(_told(recipe, trained.step, _means(rows)))
            rows = []
        if last:
            break
    accelerator.wait_for_everyone()
    return run.output / WEIGHTS


def _accelerator(autocast: str, some_unused: bool) -> Accelerator:
    unused = DistributedDataParallelKwargs(find_unused_parameters=some_unused)
    accelerator = Accelerator(kwargs_handlers=[unused])
    if autocast == "bf16" and accelerator.device.type == "cpu":
        # PyTorch 2.13 gives wrong weight gradients for bf16 convolutions over 2 x 2 x 2 voxels
        raise OptionError(
            f"autocast {autocast} needs a GPU, got a CPU, where gradients of small half-precision "
            "convolutions are wrong; leave it out"
        )
    return accelerator


@contextmanager
def _precision(autocast: str, accelerator: Accelerator) -> Iterator[None]:
    """As accelerate's own configuration says, unless the settings ask for more."""
    with accelerator.autocast():
        if autocast == "no":
            yield
        else:
            with torch.autocast(accelerator.device.type, torch.bfloat16):
                yield


def _step(
    feed: Feed, accelerator: Accelerator, module: nn.Module, optimiser: Any, step: int
) -> dict[str, float]:
    recipe, rank = feed.recipe, accelerator.process_index
    settings = recipe.settings
    for group in optimiser.param_groups:
        group["lr"] = group.setdefault("initial_lr", group["lr"]) * recipe.share(step)
    optimiser.zero_grad()
    seeds = np.random.SeedSequence((settings.seed, step, rank)).generate_state(settings.accumulate)
    rows: list[dict[str, float]] = []
    for place, (seed, drawn) in enumerate(zip(seeds, feed.take(step), strict=True)):
        torch.manual_seed(int(seed))
        alone = place + 1 < len(seeds)
        with accelerator.no_sync(module) if alone else nullcontext():
            with _precision(settings.autocast, accelerator):
                loss, measures = module(drawn, int(seed))
            accelerator.backward(loss / len(seeds))
        rows.append({"loss": float(loss.detach()), **measures})
    healthy = clip_each_group(accelerator, optimiser, settings.clip)
    if healthy:
        optimiser.step()
    return {**_means(rows), "skipped": float(not healthy)}


def _means(rows: list[dict[str, float]]) -> dict[str, float]:
    """The mean of each measure over the rows where it is known."""
    means = {}
    for name in rows[0]:
        known = [row[name] for row in rows if np.isfinite(row[name])]
        means[name] = float(np.mean(known)) if known else float("nan")
    return means


def _threads(accelerator: Accelerator) -> int:
    """One on a CPU, where the processes share the cores; else its share of them."""
    if accelerator.device.type == "cpu":
        return 1
    processes: int = accelerator.num_processes
    return max(1, (os.cpu_count() or 1) // processes)


def _any(accelerator: Accelerator, flag: bool) -> bool:
    told = torch.tensor([float(flag)], device=accelerator.device)
    return bool(accelerator.reduce(told, reduction="sum") > 0)


def _resume(run: Run, trained: Trained) -> None:
    path = run.output / CHECKPOINT
    if not path.exists():
        return
    state = read_checkpoint(path)
    ours = run.config.as_dict()
    theirs = {name: _listed(value) for name, value in json.loads(state["config"]).items()}
    free = run.config.settings.free
    other = [n for n in ours if n not in free and theirs.get(n) != _listed(ours[n])]
    if other:
        raise InputError(
            f"{run.output} holds a run that differs in {', '.join(other)}; "
            "give it another folder, or the configuration it began with"
        )
    trained.network.load_state_dict(state["network"])
    trained.optimiser.load_state_dict(state["optimiser"])
    trained.average.load(state["average"])
    trained.step = int(state["step"])


def _listed(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _save(
    run: Run, recipe: Recipe[Any, Any], trained: Trained, rows: list[dict[str, float]]
) -> None:
    config = run.config.as_dict()
    state = {
        "step": trained.step,
        "config": json.dumps(config),
        "network": trained.network.state_dict(),
        "optimiser": trained.optimiser.state_dict(),
        "average": trained.average.weights,
    }
    save_checkpoint(run.output / CHECKPOINT, state)
    told = {"step": trained.step, **config}
    recipe.write(run.output / WEIGHTS, trained.network, trained.average.weights, told)
    (run.output / "config.json").write_text(json.dumps(config, indent=1) + "\n")
    _append(run.output / CURVE, rows)
    draw_curves(run.output / CURVE, recipe.panels)


def _told(recipe: Recipe[Any, Any], step: int, means: dict[str, float]) -> str:
    names = ("loss", *recipe.told, *recipe.validated, "seconds")
    told = [name for name in names if np.isfinite(means.get(name, np.nan))]
    named = [f"{name} {means[name]:.4g}" for name in told]
    return f"step {step} of {recipe.steps}: {', '.join(named)}"


def _append(path: Path, rows: list[dict[str, float]]) -> None:
    new = not path.exists()
    with path.open("a", newline="") as stream:
        writer = csv.DictWriter(stream, fieldnames=list(rows[0]))
        if new:
            writer.writeheader()
        writer.writerows(rows)
