"""The training loop: any number of processes, resumable to the same result."""

import csv
import json
import logging
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from accelerate import Accelerator
from torch import Tensor

from voxclick.errors import InputError
from voxclick.models.builtin.network import Network, Widths, channels_last
from voxclick.models.builtin.weights import read_weights
from voxclick.train.checkpoint import (
    CHECKPOINT,
    WEIGHTS,
    Average,
    read_checkpoint,
    save_checkpoint,
    save_weights,
)
from voxclick.train.config import TrainConfig
from voxclick.train.curves import CURVE, draw_curves
from voxclick.train.samples import Samples
from voxclick.train.step import ClickLoop, Played

log = logging.getLogger(__name__)

SHOWN = (1, 2, 3, 5)
"""Rounds whose Dice the curve tells."""


@dataclass(frozen=True)
class Run:
    """One run.

    Attributes:
        config: What it is.
        output: Folder of the checkpoint, the weights, the curves and the configuration.
        data: Folder of real volumes; None for made-up scenes only.
        start: Weights to start from; None for new ones.
        seconds: Stop after so long, to go on later; None for never.
    """

    config: TrainConfig
    output: Path
    data: Path | None = None
    start: Path | None = None
    seconds: float | None = None


def train(run: Run) -> Path:
    """Train, or go on with what the output folder holds, and write the weights.

    Every random choice follows from the seed, the step and the process, so that a run that was
    stopped and went on ends as one that was not.

    Returns:
        The file of the averaged weights.

    Raises:
        InputError: If the folder holds a run of another configuration.
    """
    accelerator = Accelerator()
    torch.manual_seed(run.config.seed)
    network = Network(Widths(levels=run.config.levels))
    if run.start is not None:
        network = read_weights(run.start)
    optimiser = torch.optim.AdamW(
        network.parameters(),
        lr=run.config.rate,
        betas=(0.9, 0.98),
        weight_decay=run.config.weight_decay,
    )
    channels_last(network.to(accelerator.device))
    average = Average.of(network)
    step = _resume(run, network, optimiser, average)
    clicking, optimiser = accelerator.prepare(ClickLoop(network, _threads(accelerator)), optimiser)
    samples = Samples(run.config, run.data)
    started = time.monotonic()
    run.output.mkdir(parents=True, exist_ok=True)
    rows: list[dict[str, float]] = []
    while step < run.config.steps:
        began = time.monotonic()
        row = _step(run.config, accelerator, clicking, optimiser, samples, step)
        average.update(network, run.config.ema, step)
        step += 1
        row |= {"step": step, "seconds": time.monotonic() - began}
        rows.append(row)
        out_of_time = run.seconds is not None and time.monotonic() - started > run.seconds
        last = step == run.config.steps or _any(accelerator, out_of_time)
        if step % run.config.save_every == 0 or last:
            if accelerator.is_main_process:
                _save(run, network, optimiser, average, step)
                _append(run.output / CURVE, rows)
                draw_curves(run.output / CURVE)
                log.info("step %d of %d: %s", step, run.config.steps, _told(rows))
            rows = []
        if last:
            break
    accelerator.wait_for_everyone()
    return run.output / WEIGHTS


def learning_rate(config: TrainConfig, step: int) -> float:
    """Up over the warm-up, level, and down to nothing over the cool-down.

    The level part can be prolonged: a run of more steps is the same until its cool-down.

    Source: Zhai et al., Scaling vision transformers, CVPR 2022, section 3.5.
    """
    rise = min(1.0, (step + 1) / max(1, config.warmup))
    left = (config.steps - step) / max(1.0, config.cooldown * config.steps)
    return config.rate * min(rise, 1.0, left)


def _step(
    config: TrainConfig,
    accelerator: Accelerator,
    clicking: torch.nn.Module,
    optimiser: Any,
    samples: Samples,
    step: int,
) -> dict[str, float]:
    for group in optimiser.param_groups:
        group["lr"] = learning_rate(config, step)
    optimiser.zero_grad()
    rank = accelerator.process_index
    drawn = [samples.draw(step, rank, number) for number in range(config.scenes)]
    seed = int(np.random.SeedSequence((config.seed, step, rank)).generate_state(1)[0])
    with accelerator.autocast():
        loss, played = clicking(drawn, seed)
    accelerator.backward(loss)
    norm: Tensor = accelerator.clip_grad_norm_(clicking.parameters(), config.clip)
    healthy = bool(torch.isfinite(norm))
    if healthy:
        optimiser.step()
    return {"loss": float(loss.detach()), "skipped": float(not healthy), **_quality(played)}


def _quality(played: list[Played]) -> dict[str, float]:
    """Mean Dice after some rounds, of the network and of the evidence that it corrects."""
    found: dict[str, float] = {}
    for shown in SHOWN:
        pairs = [each.dice[shown - 1] for each in played if len(each.dice) >= shown]
        for place, name in enumerate(("dice", "evidence")):
            values = [pair[place] for pair in pairs]
            found[f"{name}_{shown}"] = float(np.mean(values)) if values else float("nan")
    return found


def _threads(accelerator: Accelerator) -> int:
    """One on a CPU, where the processes share the cores; else its share of them."""
    if accelerator.device.type == "cpu":
        return 1
    processes: int = accelerator.num_processes
    return max(1, (os.cpu_count() or 1) // processes)


def _any(accelerator: Accelerator, flag: bool) -> bool:
    told = torch.tensor([float(flag)], device=accelerator.device)
    return bool(accelerator.reduce(told, reduction="sum") > 0)


def _resume(run: Run, network: Network, optimiser: torch.optim.Optimizer, average: Average) -> int:
    path = run.output / CHECKPOINT
    if not path.exists():
        return 0
    state = read_checkpoint(path)
    ours = run.config.as_dict()
    theirs = {name: _listed(value) for name, value in json.loads(state["config"]).items()}
    free = ("steps", "save_every")
    other = [n for n in ours if n not in free and theirs.get(n) != _listed(ours[n])]
    if other:
        raise InputError(
            f"{run.output} holds a run that differs in {', '.join(other)}; "
            "give it another folder, or the configuration it began with"
        )
    network.load_state_dict(state["network"])
    optimiser.load_state_dict(state["optimiser"])
    average.weights = state["average"]
    return int(state["step"])


def _listed(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _save(
    run: Run,
    network: Network,
    optimiser: Any,
    average: Average,
    step: int,
) -> None:
    config = run.config.as_dict()
    state = {
        "step": step,
        "config": json.dumps(config),
        "network": network.state_dict(),
        "optimiser": optimiser.state_dict(),
        "average": average.weights,
    }
    save_checkpoint(run.output / CHECKPOINT, state)
    save_weights(run.output / WEIGHTS, network, average, {"step": step, **config})
    (run.output / "config.json").write_text(json.dumps(config, indent=1) + "\n")


def _append(path: Path, rows: list[dict[str, float]]) -> None:
    new = not path.exists()
    with path.open("a", newline="") as stream:
        writer = csv.DictWriter(stream, fieldnames=list(rows[0]))
        if new:
            writer.writeheader()
        writer.writerows(rows)


def _told(rows: list[dict[str, float]]) -> str:
    told = []
    for name in ("loss", "dice_1", "evidence_1", "dice_3", "evidence_3", "seconds"):
        known = [row[name] for row in rows if np.isfinite(row[name])]
        told.append(f"{name} {np.mean(known):.3f}" if known else f"{name} -")
    return ", ".join(told)
