"""What a user of the viewer waits for, in a real browser.

`python -m benchmarks.viewer` runs `voxclick open` on a volume of 512 x 512 x 300, opens the page in
Chromium, and clicks in it. It tells the time from the command to the first drawn slices, and from
the button's press to the drawn overlay, with the model and besides it: less the seconds that the
session took for the answer. Chromium is looked for on the path, or at VOXCLICK_CHROMIUM.
"""

import argparse
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from benchmarks.scan import INSIDE, SIZES, place, write_scan
from voxclick.types import Index3

LARGE = "512x512x300"
LOOKS_S = 1.0
"""How long a user looks at an answer."""

FLAGS = ("--no-sandbox", "--disable-quic", "--no-first-run", "--enable-unsafe-swiftshader")

WATCH = """() => {
  const canvas = document.querySelector("#axial canvas");
  const shown = () => canvas.getAttribute("data-drawn-revision");
  window.timing = { pressed: 0, drawn: 0, before: shown() };
  addEventListener("pointerdown", () => {
    window.timing = { pressed: performance.now(), drawn: 0, before: shown() };
  }, true);
  new MutationObserver(() => {
    const timing = window.timing;
    if (shown() !== timing.before) timing.drawn ||= performance.now();
  }).observe(canvas, { attributes: true, attributeFilter: ["data-drawn-revision"] });
}"""
"""The first redraw with a new revision after a button went down."""


@contextmanager
def opened(image: Path, state_dir: Path, model: str) -> Iterator[str]:
    """The address that `voxclick open` prints."""
    words = [sys.executable, "-m", "voxclick.cli", "open", str(image), "--no-browser"]
    words += ["--state-dir", str(state_dir), "--model", model]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603  (ours)
        assert process.stdout is not None
        try:
            found = re.search(r"http://\S+", process.stdout.readline())
            assert found is not None, "voxclick open printed no address"
            yield found.group()
        finally:
            process.terminate()


def first_slices(page: Page, address: str) -> None:
    """Open the page, and wait until all three planes are drawn."""
    page.goto(address)
    page.locator("html.open").wait_for(state="attached", timeout=60_000)
    for plane in ("axial", "coronal", "sagittal"):
        page.locator(f"#{plane} canvas[data-drawn-revision]").wait_for(timeout=60_000)


def click(page: Page, across: float, down: float) -> tuple[float, float]:
    """Click at shares of the axial pane; seconds until it is drawn, and those of the session."""
    box = page.locator("#axial canvas").bounding_box()
    assert box is not None
    where = (box["x"] + across * box["width"], box["y"] + down * box["height"])
    page.mouse.move(*where)
    with page.expect_response(lambda answer: answer.url.endswith("/prompts")) as answered:
        page.mouse.click(*where)
    session = float(answered.value.json()["seconds"])
    page.wait_for_function("() => window.timing.drawn > 0")
    waited = page.evaluate("() => window.timing.drawn - window.timing.pressed")
    page.locator("html[data-state='ready']").wait_for(timeout=60_000)
    time.sleep(LOOKS_S)
    return float(waited) / 1000, session


def look(page: Page, voxel: Index3) -> None:
    """Show the slices through a voxel."""
    for plane, index in zip(("sagittal", "coronal", "axial"), voxel, strict=True):
        page.locator(f"#{plane} .slice").fill(str(index))


def measure(shape: Index3, clicks: int, model: str) -> None:
    """Print what was measured."""
    browser = os.environ.get("VOXCLICK_CHROMIUM") or shutil.which("chromium")
    if browser is None:
        raise SystemExit("chromium is needed and was not found; install it, or name its path")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        image = Path(folder) / "scan.nii"
        write_scan(shape, image)
        page = playwright.chromium.launch(executable_path=browser, args=FLAGS).new_page()
        began = time.perf_counter()
        with opened(image, Path(folder) / "state", model) as address:
            print(f"`voxclick open` to its address: {time.perf_counter() - began:.2f} s")
            first_slices(page, address)
            print(f"`voxclick open` to the first slices: {time.perf_counter() - began:.2f} s")
            look(page, place(shape, INSIDE))
            page.evaluate(WATCH)
            shares = [0.5 + 0.012 * (n % 5 - 2) for n in range(clicks + 1)]
            waits = [click(page, share, 0.5 + 0.01 * n) for n, share in enumerate(shares)][1:]
    drawn = [wait for wait, _ in waits]
    besides = [1000 * (wait - session) for wait, session in waits]
    print(f"click to drawn overlay: median {statistics.median(drawn):.2f} s of {clicks} clicks")
    print(
        f"besides the session: median {statistics.median(besides):.0f} ms, {max(besides):.0f} worst"
    )


def main() -> None:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", choices=SIZES, default=LARGE)
    parser.add_argument("--clicks", type=int, default=10)
    parser.add_argument("--model", default="builtin")
    arguments = parser.parse_args()
    measure(SIZES[arguments.size], arguments.clicks, arguments.model)


if __name__ == "__main__":
    main()
