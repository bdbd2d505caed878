"""The connection to a server: models, uploads, sessions, and its errors as ours."""

from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

import httpx

from voxclick.client.session import RemoteSession
from voxclick.errors import (
    InputError,
    MissingFileError,
    PromptError,
    TooLargeError,
    UnknownNameError,
    VoxclickError,
)

TIMEOUT_S = httpx.Timeout(600.0, connect=10.0)
CHUNK_BYTES = 1 << 20

ERRORS: dict[int, type[VoxclickError]] = {
    404: UnknownNameError,
    413: TooLargeError,
    422: PromptError,
}
"""What a status is raised as; other ones below 500 as InputError, those above as VoxclickError."""


def connect(url: str, key: str | None = None) -> "Server":
    """A voxclick server, ready to open volumes.

    Args:
        url: Such as `http://127.0.0.1:1527`; the token of a printed address is taken as the key.
        key: What `voxclick serve --api-key` was given.

    Raises:
        VoxclickError: If no voxclick server answers there.
        InputError: If the key is not the right one.
    """
    address, _, token = url.partition("/?token=")
    server = Server(address.rstrip("/"), key if key is not None else token.partition("&")[0])
    try:
        server.models()
    except BaseException:
        server.close()
        raise
    return server


class Server:
    """A voxclick server; a context manager that ends the connection.

    Args:
        address: Its scheme, host and port.
        key: Its key.
    """

    def __init__(self, address: str, key: str) -> None:
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        try:
            self._http = httpx.Client(
                base_url=f"{address}/api/v1", headers=headers, timeout=TIMEOUT_S
            )
        except (httpx.InvalidURL, ValueError) as error:
            raise InputError(f"a server needs an address, got {address!r}: {error}") from None

    def models(self) -> list[str]:
        """Names of the models that can answer there, the best first."""
        rows = self.ask("GET", "/models").json()
        return [row["name"] for row in rows if row["weights"] != "absent"]

    def open(
        self, image: str | Path, model: str | None = None, series: str | None = None
    ) -> RemoteSession:
        """A session on a volume of this machine, which is sent to the server.

        Args:
            image: A file or a DICOM folder; the word `sample` is the packaged head MR.
            model: Name of the model; the server's default when None.
            series: Which DICOM series, where there are several.

        Raises:
            MissingFileError: If there is nothing at that path.
            InputError: If the server cannot read it.
        """
        path = Path(image)
        packaged = str(image) == "sample" and not path.exists()
        source = "sample" if packaged else self._send(path)
        asked = {"source": source, "model": model, "series": series}
        return RemoteSession(self.ask, self.ask("POST", "/sessions", json=asked).json())

    def session(self, session: str) -> RemoteSession:
        """A session that was opened before, by its id.

        Raises:
            UnknownNameError: If there is none.
        """
        return RemoteSession(self.ask, self.ask("GET", f"/sessions/{session}").json())

    def ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        """The answer to one request.

        Raises:
            VoxclickError: If it is an error, with the server's sentence, or none comes.
        """
        try:
            answer = self._http.request(method, path, **options)
        except httpx.HTTPError as error:
            raise VoxclickError(
                f"no answer from the voxclick server at {self._http.base_url.host}: {error}"
            ) from None
        if answer.is_success:
            return answer
        kind = ERRORS.get(
            answer.status_code, InputError if answer.status_code < 500 else VoxclickError
        )
        raise kind(_detail(answer))

    def close(self) -> None:
        """End the connection; sessions stay on the server."""
        self._http.close()

    def __enter__(self) -> "Server":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _send(self, path: Path) -> str:
        """Upload a file, or every file of a folder; gives the source to open."""
        if not path.exists():
            raise MissingFileError(
                f"a file or folder is needed at {path}, got nothing there; check the path"
            )
        files = [one for one in sorted(path.rglob("*")) if one.is_file()]
        upload = self.ask("POST", "/uploads", json={"name": path.name or "volume"}).json()["upload"]
        for place, file in enumerate(files if path.is_dir() else [path]):
            # files of one name in several folders are told apart by a number
            name = f"{place}_{file.name}" if path.is_dir() else file.name
            self.ask(
                "PUT",
                f"/uploads/{upload}/{name}",
                content=_chunks(file),
                headers={"Content-Length": str(file.stat().st_size)},
            )
        return f"upload:{upload}"


def _chunks(file: Path) -> Iterator[bytes]:
    with file.open("rb") as opened:
        while chunk := opened.read(CHUNK_BYTES):
            yield chunk


def _detail(answer: httpx.Response) -> str:
    try:
        return str(answer.json()["detail"])
    except (ValueError, KeyError, TypeError):
        return f"the server answered {answer.status_code} {answer.reason_phrase}"
