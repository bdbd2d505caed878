"""Colours for objects that nobody gave one."""

PALETTE = (
    "#e6483d",
    "#3fa34d",
    "#3f7de0",
    "#f2a73b",
    "#b05cc6",
    "#2fb5b2",
    "#e56aa5",
    "#a3b93b",
    "#8c6a4f",
    "#7d88e8",
)
"""Told apart on grey."""


def colour_of(label: int) -> str:
    """The colour that an object of this label begins with, as `#rrggbb`."""
    return PALETTE[(label - 1) % len(PALETTE)]
