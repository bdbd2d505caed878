"""Every error that voxclick raises on purpose, in one tree.

    VoxclickError                exit 1, HTTP 500   the work itself failed
    ├── InputError (ValueError)  exit 2, HTTP 400   what came in is wrong
    │   ├── FileFormatError                         a file cannot be read as what it claims to be
    │   ├── GridError                               a shape or affine that describes no voxel grid
    │   ├── GridMismatchError                       two arrays that must share a grid do not
    │   ├── PromptError                             a prompt that cannot be placed in this volume
    │   ├── LogError                                a prompt log that is broken or does not fit
    │   ├── OptionError                             an unknown or impossible option or device
    │   ├── TooLargeError                           more than is taken in; HTTP 413
    │   ├── UnknownNameError (LookupError)          no model or object of that name; HTTP 404
    │   └── MissingFileError (FileNotFoundError)    nothing at that path; HTTP 404
    ├── OutputError (OSError)    exit 2, HTTP 507   a result cannot be written there
    └── DownloadError (ConnectionError) exit 1, HTTP 502   a file cannot be got over the network

Each message says what was expected, what came, and what to do.
"""

from typing import ClassVar


class VoxclickError(Exception):
    """The root of the tree: catch this to catch everything voxclick raises on purpose."""

    exit_code: ClassVar[int] = 1
    http_status: ClassVar[int] = 500


class InputError(VoxclickError, ValueError):
    """Something that came in (a file, a prompt, an option) is wrong."""

    exit_code = 2
    http_status = 400


class FileFormatError(InputError):
    """A file cannot be read as what its name says it is."""


class GridError(InputError):
    """A shape or an affine does not describe a voxel grid."""


class GridMismatchError(InputError):
    """Two arrays that must lie on one grid do not."""


class PromptError(InputError):
    """A prompt cannot be placed in this volume."""


class LogError(InputError):
    """A prompt log cannot be read, or belongs to another volume."""


class OptionError(InputError):
    """An option, a device or a setting is unknown or impossible."""


class TooLargeError(InputError):
    """Something declares more bytes than are taken in."""

    http_status = 413


class UnknownNameError(InputError, LookupError):
    """There is no model, format or object of that name."""

    http_status = 404


class MissingFileError(InputError, FileNotFoundError):
    """There is nothing at that path."""

    http_status = 404


class OutputError(VoxclickError, OSError):
    """A result cannot be written where it should go."""

    exit_code = 2
    http_status = 507


class DownloadError(VoxclickError, ConnectionError):
    """A published file cannot be got over the network."""

    http_status = 502
