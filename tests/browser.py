"""A real server and a real browser in front of it, for the tests of the viewer."""

import io
import os
import shutil
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from voxclick.types import Array, Json

KEY = "a-key-for-the-tests"
PATIENCE_S = 60.0
"""For what takes a second on an idle machine."""
LETTERS = ".pane > :is(.title, .place, .edge)"
FLAGS = (
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--enable-unsafe-swiftshader",
)


def chromium() -> str | None:
    """Path of the browser, None where there is none."""
    return os.environ.get("VOXCLICK_CHROMIUM") or shutil.which("chromium")


@dataclass
class Server:
    """`voxclick serve` in a process of its own, which can be stopped and started again."""

    state_dir: Path
    name: str = "127.0.0.1"
    port: int = field(default_factory=lambda: _free_port())
    model: str = "geodesic"
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://{self.name}:{self.port}"

    def start(self) -> None:
        words = ["serve", "--port", str(self.port), "--api-key", KEY]
        words += ["--state-dir", str(self.state_dir), "--model", self.model]
        words += ["--name", self.name]
        with (self.state_dir / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "voxclick.cli", *words], stdout=log, stderr=log
            )
        give_up = time.monotonic() + PATIENCE_S
        while not self._answers():
            if self.process.poll() is not None or time.monotonic() > give_up:
                raise AssertionError((self.state_dir / "server.log").read_text())
            time.sleep(0.1)

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(PATIENCE_S)

    def _answers(self) -> bool:
        try:
            health = f"http://127.0.0.1:{self.port}/api/v1/health"
            return httpx.get(health, timeout=5).is_success
        except httpx.TransportError:
            return False


@dataclass
class Viewer:
    """The viewer as a user meets it: what can be seen, clicked and typed."""

    page: Page
    server: Server

    def enter(self) -> None:
        """Come in with the key, at the sheet that asks for a volume."""
        self.page.goto(f"{self.server.url}/?token={KEY}")
        expect(self.page.locator("#open-sheet")).to_be_visible()

    def open(self, path: Path | str) -> None:
        """Come in and open a volume, `sample` for the packaged one; waits for all of it."""
        self.enter()
        if path == "sample":
            self.page.click("#open-sample")
        else:
            self.page.set_input_files("#pick-files", path)
        self.opened()

    def opened(self) -> None:
        """Until a volume is there, all of it."""
        self.page.locator("html.open").wait_for(state="attached")
        self.wait()

    def wait(self) -> None:
        """Until the newest answer is there and every slice shows it."""
        page = self.page
        expect(page.locator("html")).to_have_attribute("data-state", "ready", timeout=60_000)
        revision = str(self.state()["revision"])
        for plane in ("axial", "coronal", "sagittal"):
            canvas = self.canvas(plane)
            if canvas.is_visible():
                expect(canvas).to_have_attribute("data-drawn-revision", revision)
        self.settle()

    def settle(self) -> None:
        """Until two frames were drawn."""
        self.page.evaluate(
            "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
        )

    @property
    def session(self) -> str:
        return self.page.url.partition("#")[2]

    def state(self) -> Json:
        return self._get("")

    def log(self) -> Json:
        """The prompt log, in the file's own voxels."""
        return self._get("/export?format=json")

    def _get(self, path: str) -> Json:
        fields: Json = self.page.evaluate(
            "async path => (await fetch(path)).json()", f"api/v1/sessions/{self.session}{path}"
        )
        return fields

    def prompts(self, place: int = 0) -> list[Json]:
        """The prompts of an object, in the file's own voxels."""
        objects = self.log()["objects"]
        return list(objects[place]["prompts"]) if objects else []

    def canvas(self, plane: str) -> Locator:
        return self.page.locator(f"#{plane} canvas")

    def look(self, voxel: tuple[int, int, int]) -> None:
        """Show the slices through a voxel of the page, by the sliders."""
        for plane, index in zip(("sagittal", "coronal", "axial"), voxel, strict=True):
            self.page.locator(f"#{plane} .slice").fill(str(index))
        self.settle()

    def picture(self, plane: str) -> Array:
        """What is seen of a pane without the letters over it: RGB, in pixels of the screen."""
        self._show_letters("hidden")
        shot = self.canvas(plane).screenshot(scale="device")
        self._show_letters("")
        return np.asarray(Image.open(io.BytesIO(shot)).convert("RGB"))

    def _show_letters(self, visibility: str) -> None:
        self.page.locator(LETTERS).evaluate_all(
            "(letters, shown) => letters.forEach(one => { one.style.visibility = shown })",
            visibility,
        )

    def spot(self, plane: str, share: tuple[float, float]) -> tuple[float, float]:
        """A place in a pane, as shares of its width and height, for the mouse."""
        box = self.canvas(plane).bounding_box()
        assert box is not None
        return box["x"] + share[0] * box["width"], box["y"] + share[1] * box["height"]

    def place_of(self, plane: str, voxel: tuple[float, float, float]) -> tuple[float, float]:
        """Where a voxel of the page lies in an untouched pane, as shares; see `docs/how-to`."""
        state = self.state()
        across, down = {"axial": (0, 1), "coronal": (0, 2), "sagittal": (1, 2)}[plane]
        box = self.canvas(plane).bounding_box()
        assert box is not None
        size = [state["shape"][a] * state["spacing_mm"][a] for a in (across, down)]
        scale = 0.96 * min(box["width"] / size[0], box["height"] / size[1])
        away = [
            (voxel[a] - (state["shape"][a] - 1) / 2) * state["spacing_mm"][a] * scale
            for a in (across, down)
        ]
        # radiological: the patient's right and front are on the left, front and head on top
        return 0.5 - away[0] / box["width"], 0.5 - away[1] / box["height"]

    def click(self, plane: str, voxel: tuple[float, float, float], **how: Any) -> None:
        """Click on a voxel of the page whose slice is shown, and wait for the answer."""
        self.page.mouse.move(*self.spot(plane, self.place_of(plane, voxel)))
        self.page.mouse.down(**how)
        self.page.mouse.up(**how)
        self.answered()

    def drag(self, plane: str, voxels: list[tuple[float, float, float]], **how: Any) -> None:
        """Draw a line through voxels of the page on a slice that is shown."""
        first, *others = [self.spot(plane, self.place_of(plane, voxel)) for voxel in voxels]
        self.page.mouse.move(*first)
        self.page.mouse.down(**how)
        for place in others:
            self.page.mouse.move(*place, steps=4)
        self.page.mouse.up(**how)
        self.answered()

    def answered(self) -> None:
        self.settle()
        self.wait()


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
