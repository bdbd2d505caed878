"""Published files over the network: the Hugging Face hub, ModelScope, or any other place."""

import hashlib
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from urllib.parse import quote

import httpx

from voxclick.errors import DownloadError, OutputError
from voxclick.models.kinds import Checkpoint

Watch = Callable[[int, int], None]
"""Told the bytes that are here and those there will be, 0 where nobody knows."""

TRIES = 4
PAUSE_S = 1.0
"""Before the second try; twice as long before each further one."""

TIMEOUT_S = 30.0
PASSING = frozenset({408, 429, 500, 502, 503, 504})
"""Answers after which another try may go well."""


def download(checkpoint: Checkpoint, folder: Path, watch: Watch) -> Path:
    """Get a published file from the first of its places that has it.

    What came before an interruption is kept in the folder and gone on from. The hub's client keeps
    its files in its own cache, and looks there first.

    Args:
        checkpoint: Where the file is.
        folder: Where to put it; exists.
        watch: Told how far it is.

    Raises:
        DownloadError: If no place gives it; the message names each with its reason.
        OutputError: If it cannot be written.
    """
    reasons = []
    for place, get in _places(checkpoint, folder, watch):
        try:
            path = get()
            _check(path, checkpoint)
        except DownloadError as error:
            reasons.append(f"{place}: {error}")
        else:
            return path
    raise DownloadError("; ".join(reasons))


def _places(
    checkpoint: Checkpoint, folder: Path, watch: Watch
) -> Iterator[tuple[str, Callable[[], Path]]]:
    target = folder / Path(checkpoint.file).name
    if hub := checkpoint.hub:
        endpoint = (os.environ.get("HF_ENDPOINT") or "https://huggingface.co").rstrip("/")
        yield f"{endpoint}/{hub}", partial(_from_hub, hub, checkpoint.file, endpoint, watch)
    if checkpoint.modelscope:
        domain = os.environ.get("MODELSCOPE_DOMAIN") or "www.modelscope.cn"
        endpoint = os.environ.get("MODELSCOPE_ENDPOINT") or f"https://{domain}"
        path = f"{checkpoint.modelscope}/resolve/master/{quote(checkpoint.file)}"
        url = f"{endpoint.rstrip('/')}/models/{path}"
        yield url, partial(_from_url, url, target, watch)
    if checkpoint.url:
        yield checkpoint.url, partial(_from_url, checkpoint.url, target, watch)


def _check(path: Path, checkpoint: Checkpoint) -> None:
    if not checkpoint.sha256:
        return
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != checkpoint.sha256:
        path.unlink()
        raise DownloadError(f"its sha256 must be {checkpoint.sha256}, got {found}")


def _from_hub(repository: str, file: str, endpoint: str, watch: Watch) -> Path:
    from huggingface_hub import hf_hub_download, try_to_load_from_cache
    from tqdm import tqdm

    if isinstance(cached := try_to_load_from_cache(repository, file), str):
        return Path(cached)
    try:
        httpx.head(endpoint, timeout=TIMEOUT_S)  # without a network the client waits 20 s to say so
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise DownloadError(_sense(error)) from None

    class Bar(tqdm):  # type: ignore[misc]
        """Draws nothing and tells what the client counts."""

        def __init__(self, *args: object, **options: object) -> None:
            super().__init__(*args, **{**options, "disable": True})

        def update(self, n: float | None = 1) -> None:
            self.n += n or 0
            watch(int(self.n), int(self.total or 0))

    try:
        return Path(hf_hub_download(repository, file, endpoint=endpoint, tqdm_class=Bar))
    except Exception as error:  # noqa: BLE001  (also those of whatever HTTP library it is built on)
        raise DownloadError(_sense(error)) from None


def _from_url(url: str, target: Path, watch: Watch) -> Path:
    options = {"Accept-Encoding": "identity"}  # lengths and ranges are those of the file itself
    pause = PAUSE_S
    with httpx.Client(follow_redirects=True, timeout=TIMEOUT_S, headers=options) as client:
        for left in reversed(range(TRIES)):
            try:
                part = _part(client, url, target, watch)
                part.replace(target)
            except httpx.HTTPStatusError as error:
                if not left or error.response.status_code not in PASSING:
                    answer = error.response
                    told = f"the answer is {answer.status_code} {answer.reason_phrase}"
                    raise DownloadError(told) from None
            except httpx.TransportError as error:
                never_there = isinstance(error, httpx.ConnectError) and left == TRIES - 1
                if never_there or not left:
                    raise DownloadError(_sense(error)) from None
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                raise DownloadError(_sense(error)) from None
            except DownloadError:
                raise
            except OSError as error:
                raise OutputError(f"cannot write {target}: {error.strerror or error}") from None
            else:
                return target
            time.sleep(pause)
            pause *= 2
    raise AssertionError("the last try returns or raises")


def _part(client: httpx.Client, url: str, target: Path, watch: Watch) -> Path:
    """The whole file under a name of its own; goes on from what an earlier try left of it."""
    with _answer(client, url) as answer:
        mark = answer.headers.get("ETag", "")
        size = int(answer.headers.get("Content-Length", 0))
        version = hashlib.sha256(mark.encode()).hexdigest()[:12]
        part = target.with_name(f"{target.name}.{version}.part")
        there = part.stat().st_size if part.exists() else 0
        # without a strong mark nobody knows whether the rest is of the same file
        if not mark or mark.startswith("W/") or not 0 < there <= size:
            _write(answer, part, 0, size, watch)
            return part
    if there < size:
        rest = {"Range": f"bytes={there}-", "If-Range": mark}
        with _answer(client, url, rest) as answer:
            start = there if answer.status_code == httpx.codes.PARTIAL_CONTENT else 0
            _write(answer, part, start, size, watch)
    return part


@contextmanager
def _answer(
    client: httpx.Client, url: str, headers: dict[str, str] | None = None
) -> Iterator[httpx.Response]:
    with client.stream("GET", url, headers=headers) as answer:
        answer.raise_for_status()
        if answer.headers.get("Content-Type", "").startswith("text/html"):
            raise DownloadError("the answer is a web page, not a file")
        yield answer


def _write(answer: httpx.Response, part: Path, start: int, size: int, watch: Watch) -> None:
    part.touch()
    with part.open("r+b") as file:
        file.truncate(start)
        file.seek(start)
        for chunk in answer.iter_bytes():
            file.write(chunk)
            watch(file.tell(), size)
    if part.stat().st_size < size:
        raise httpx.RemoteProtocolError(f"{size} bytes were promised, got {part.stat().st_size}")


def _sense(error: Exception) -> str:
    told = " ".join(str(error).split())
    return f"{type(error).__name__}: {told}" if told else type(error).__name__
