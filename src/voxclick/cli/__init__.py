"""The command line: `voxclick COMMAND ...`, one file a command."""

import logging
import os
import sys
import traceback
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from voxclick.cli.terminal import say, tell
from voxclick.errors import VoxclickError

__all__ = ["main"]

FAILED, INTERRUPTED, READER_GONE = 1, 130, 141


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Results go to stdout; progress, notes and errors to stderr, an error as one line.

    Args:
        argv: The words after `voxclick`; those of this process when None.

    Returns:
        0 when done, 1 when the work failed, 2 when the input or the arguments are wrong, 130 when
        interrupted, 141 when nobody reads the output any more.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        code = _run(words)
        sys.stdout.flush()
    except VoxclickError as error:
        return _fail(str(error), error.exit_code, words)
    except KeyboardInterrupt:
        return _fail("interrupted; nothing was written", INTERRUPTED, words)
    except BrokenPipeError:
        # the interpreter would complain once more when it flushes stdout at its end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return READER_GONE
    except Exception as error:  # noqa: BLE001  (the last line of defence: one line, no traceback)
        hint = "" if "--debug" in words else "; run it again with --debug for the traceback"
        return _fail(f"unexpected {type(error).__name__}: {error}{hint}", FAILED, words)
    return code


def _run(words: list[str]) -> int:
    if words in (["--version"], ["-V"]):
        from voxclick import __version__

        say(f"voxclick {__version__}")
        return 0
    from voxclick.cli.arguments import parse

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            call = parse(words)
        except SystemExit as finished:  # --help has been printed
            return int(finished.code or 0)
    with _log(call.verbose):
        return call.command.run()


@contextmanager
def _log(verbose: bool) -> Iterator[None]:
    """Keep what libraries warn of and log away from the terminal, unless asked for it."""
    with warnings.catch_warnings():
        if verbose:
            logging.basicConfig(level=logging.INFO, format="%(name)s: %(message)s")
            logging.captureWarnings(True)
        else:
            warnings.simplefilter("ignore")
            logging.disable(logging.CRITICAL)
        try:
            yield
        finally:
            logging.captureWarnings(False)
            logging.disable(logging.NOTSET)


def _fail(message: str, code: int, words: Sequence[str]) -> int:
    if "--debug" in words:
        tell(traceback.format_exc(), flat=False)
    tell(f"voxclick: error: {message}")
    return code
