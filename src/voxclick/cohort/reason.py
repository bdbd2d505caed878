"""Why a task failed, for people."""

from voxclick.errors import VoxclickError


def reason_of(error: Exception) -> str:
    """What went wrong, in one line."""
    told = " ".join(str(error).split())
    if isinstance(error, VoxclickError) and told:
        return told
    return f"{type(error).__name__}: {told}" if told else type(error).__name__
