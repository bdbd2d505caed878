"""A batch is checked before any work: what is wrong with a row is known by its number."""

from collections.abc import Collection, Sequence
from pathlib import Path

from voxclick import io
from voxclick.errors import InputError, OptionError, OutputError, VoxclickError
from voxclick.io.atomic import PART
from voxclick.request.asked import check_spelling
from voxclick.request.batch_list import Row
from voxclick.request.batch_record import own_outputs


def check_rows(rows: Sequence[Row], made: Path) -> None:
    """Raise unless every row can be tried.

    Args:
        rows: All of them.
        made: The folder of results, which is made later.

    Raises:
        InputError: If a file is not there or a prompt cannot be read.
        OutputError: If a mask cannot be written, or would be written over an input.
        OptionError: If two masks have one path.
    """
    inputs = {path.resolve(): row for row in rows for path in row.request.files}
    taken: dict[Path, Row] = {}
    own = own_outputs(made)
    for row in rows:
        try:
            check_spelling(row.request)
            _check_output(row.request.output, made, own)
        except (InputError, OutputError) as error:
            raise _named(error, row) from None
        place = row.request.output.resolve()
        if place in taken:
            raise OptionError(
                f"each row needs an output of its own, got {row.request.output} for "
                f"{taken[place].where} and {row.where}; name them in a column output"
            )
        if place in inputs:
            raise OutputError(
                f"{row.where}: an input must not be overwritten, got {row.request.output}, which "
                f"{inputs[place].where} reads; choose another output"
            )
        taken[place] = row


def _check_output(output: Path, made: Path, own: Collection[str]) -> None:
    """Of a folder that is made later only the ending of the name can be checked.

    A mask that is a folder is written over if it is of an earlier run, and else never.
    """
    if output.parent.resolve() == made.resolve() and not made.exists():
        io.check_output(Path(made.parent, output.name))
    elif str(output) in own and output.is_dir():
        io.check_output(output.with_name(f"{PART}{output.name}"))
    else:
        io.check_output(output)


def _named(error: VoxclickError, row: Row) -> VoxclickError:
    return type(error)(f"{row.where}: {error}")
