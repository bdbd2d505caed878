"""Many users at one server, and what the server costs besides the model.

`python -m benchmarks.server` starts a server in a process of its own, lets users click through the
published `nninteractive-client`, and prints what came out; see docs/reference/benchmarks.md. It
reads the server's memory from /proc: Linux only.
"""

import argparse
import json
import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from nnInteractive.inference.remote import nnInteractiveRemoteInferenceSession as Client

from benchmarks.host import Host, host
from benchmarks.scan import INSIDE, INSIDE_TOO, SIZES, place, tiled
from voxclick.types import Array, Index3

RESULTS = Path(__file__).parents[1] / "benchmarks" / "results"
SMALL, LARGE = "128x128x128", "512x512x300"
SPACING = {"spacing": [1.0, 1.0, 1.0]}
CLICKS_AN_OBJECT = 5


@contextmanager
def server(max_sessions: int) -> Iterator[Host]:
    """A server that runs, in a process of its own."""
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=host, args=(theirs, max_sessions))
    process.start()
    assert process.pid is not None
    try:
        yield Host(f"http://127.0.0.1:{ours.recv()}/nni", process.pid, ours)
    finally:
        ours.send("stop")
        process.join()


@dataclass
class User:
    """Someone who clicks: some clicks an object, now and then one taken back, then the next.

    Attributes:
        url: Of the server.
        image: What is clicked in, `[1, i, j, k]`.
        seed: Tells users apart.
        waits: Seconds of each answered click.
        failed: What went wrong, in words.
    """

    url: str
    image: Array
    seed: int
    waits: list[float] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)

    def work(self, ready: threading.Barrier, seconds: float) -> None:
        """Send the image, wait for the others, then click for so long."""
        try:
            with Client(self.url) as client:
                client.set_image(self.image, SPACING)
                client.set_target_buffer(np.zeros(self.image.shape[1:], dtype=np.uint8))
                ready.wait()
                self._click(client, time.perf_counter() + seconds)
        except Exception as error:  # noqa: BLE001  (whatever it is, it is what is counted here)
            self.failed.append(repr(error))
            ready.abort()

    def _click(self, client: Client, until: float) -> None:
        generator = np.random.default_rng(self.seed)
        middle = np.array(place(self.image.shape[1:], INSIDE))
        while time.perf_counter() < until:
            # no voxel twice, so that no click contradicts another
            around = np.unique(generator.integers(-15, 16, (CLICKS_AN_OBJECT, 3)), axis=0)
            for step in generator.permutation(around):
                started = time.perf_counter()
                client.add_point_interaction((middle + step).tolist(), generator.random() < 0.7)
                self.waits.append(time.perf_counter() - started)
                if generator.random() < 0.2:
                    client.undo()
                if time.perf_counter() > until:
                    return
            client.reset_interactions()


def many_users(users: int, seconds: float) -> dict[str, Any]:
    """Users who click at a time: how long they waited, what failed, what the server held."""
    image = tiled(SIZES[SMALL])[0][None]
    with server(users) as running:
        warm_up(running.url, image)
        crowd = [User(running.url, image, seed) for seed in range(users)]
        ready = threading.Barrier(users + 1)
        threads = [threading.Thread(target=u.work, args=(ready, seconds)) for u in crowd]
        for thread in threads:
            thread.start()
        ready.wait()
        started, memory = time.perf_counter(), [running.memory_mib()]
        while any(thread.is_alive() for thread in threads):
            time.sleep(0.25)
            memory.append(running.memory_mib())
        for thread in threads:
            thread.join()
        lasted = time.perf_counter() - started
        time.sleep(1.0)
        waits = [wait for user in crowd for wait in user.waits]
        half = len(memory) // 2
        return {
            "users": users,
            "seconds": lasted,
            "clicks": len(waits),
            "errors": [told for user in crowd for told in user.failed],
            "clicks_a_user": [min(len(u.waits) for u in crowd), max(len(u.waits) for u in crowd)],
            "wait_median_s": statistics.median(waits),
            "wait_worst_s": max(waits),
            "busy_share": sum(running.take()["turn"]) / lasted,
            "mib_with_images": memory[0],
            "mib_peak_first_half": max(memory[:half]),
            "mib_peak_second_half": max(memory[half:]),
            "mib_after_all_left": running.memory_mib(),
        }


def one_click(clicks: int) -> dict[str, Any]:
    """Where the time of a click goes in a large volume: median milliseconds."""
    shape: Index3 = SIZES[LARGE]
    image = tiled(shape)[0][None]
    rows: list[dict[str, float]] = []
    with server(1) as running:
        warm_up(running.url, tiled(SIZES[SMALL])[0][None])
        with Client(running.url) as client:
            started = time.perf_counter()
            client.set_image(image, SPACING)
            sent_s = time.perf_counter() - started
            client.set_target_buffer(np.zeros(shape, dtype=np.uint8))
            client.add_point_interaction(place(shape, INSIDE), True)
            client.add_point_interaction(place(shape, INSIDE_TOO), True)
            undo_s = []
            for _ in range(clicks):
                started = time.perf_counter()
                client.undo()
                undo_s.append(time.perf_counter() - started)
                running.take()
                started = time.perf_counter()
                client.add_point_interaction(place(shape, INSIDE_TOO), True)
                whole = time.perf_counter() - started
                spent = running.take()
                turn, model = sum(spent["turn"]), sum(spent["model"])
                rows.append({"whole": whole, "server": whole - turn, "engine": turn - model})
    parts = {name: [row[name] * 1000 for row in rows] for name in rows[0]}
    return {
        "shape": list(shape),
        "clicks": clicks,
        "set_image_s": sent_s,
        "undo_ms": statistics.median(undo_s) * 1000,
        "click_ms": statistics.median(parts["whole"]),
        "server_ms": statistics.median(parts["server"]),
        "server_worst_ms": max(parts["server"]),
        "engine_ms": statistics.median(parts["engine"]),
    }


def warm_up(url: str, image: Array) -> None:
    """One click, so that nobody waits for compiled code."""
    with Client(url) as client:
        client.set_image(image, SPACING)
        client.set_target_buffer(np.zeros(image.shape[1:], dtype=np.uint8))
        client.add_point_interaction(place(image.shape[1:], INSIDE), True)


def main() -> None:
    """Measure, print, and write the JSON."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.server", description=__doc__)
    parser.add_argument("--users", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--clicks", type=int, default=15, help="timed in the large volume")
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder to write to")
    arguments = parser.parse_args()
    written = {
        "one click": one_click(arguments.clicks),
        "many users": many_users(arguments.users, arguments.seconds),
    }
    for title, found in written.items():
        print(f"\n{title}")
        for name, value in found.items():
            print(f"  {name:<22} {f'{value:.1f}' if isinstance(value, float) else value}")
    arguments.results.mkdir(parents=True, exist_ok=True)
    (arguments.results / "server.json").write_text(json.dumps(written, indent=1))


if __name__ == "__main__":
    main()
