"""What the user sees: results on stdout, everything else on stderr."""

import sys
from threading import Timer
from types import TracebackType

PATIENCE_S = 2.0
"""Seconds before a step says that it is running."""


def say(text: str, flat: bool = True) -> None:
    """Write a result to stdout, as one line unless `flat` is false."""
    _write(text, flat, error=False)


def tell(text: str, flat: bool = True) -> None:
    """Write a note or an error to stderr, as one line unless `flat` is false."""
    _write(text, flat, error=True)


class Progress:
    """Says on stderr what takes longer than two seconds.

    On a terminal a spinner names the step at hand and vanishes; anywhere else each long step of
    computing leaves one plain line. Steps that check the input stay silent there, so that an
    error is the only line.
    """

    def __init__(self) -> None:
        self._timer: Timer | None = None
        self._spinner = _Spinner() if sys.stderr.isatty() else None

    def step(self, what: str, checking: bool = False) -> None:
        """Begin a step; the one before it is over.

        Args:
            what: It, as in "reading ct.nii.gz".
            checking: Whether it may still find the input wrong.
        """
        self._stop_timer()
        if self._spinner is not None:
            self._spinner.name(what)
            self._timer = Timer(PATIENCE_S, self._spinner.show)
        elif not checking:
            self._timer = Timer(PATIENCE_S, tell, (f"voxclick: {what} ...",))
        if self._timer is not None:
            self._timer.daemon = True
            self._timer.start()

    def name(self, what: str) -> None:
        """Call the step at hand something else, where a spinner shows it."""
        if self._spinner is not None:
            self._spinner.name(what)

    def done(self) -> None:
        """End the step at hand, where none follows."""
        self._stop_timer()
        if self._spinner is not None:
            self._spinner.hide()

    def __enter__(self) -> "Progress":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.done()

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class _Spinner:
    """A turning wheel beside the name of a step."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.markup import escape

        self._escape = escape
        self._status = Console(stderr=True).status("")

    def name(self, what: str) -> None:
        self._status.update(self._escape(what))

    def show(self) -> None:
        self._status.start()

    def hide(self) -> None:
        self._status.stop()


def _write(text: str, flat: bool, error: bool) -> None:
    stream = sys.stderr if error else sys.stdout
    line = " ".join(text.splitlines()) if flat else text.rstrip("\n")
    encoding = stream.encoding or "utf-8"
    stream.write(line.encode(encoding, "backslashreplace").decode(encoding) + "\n")
    stream.flush()
