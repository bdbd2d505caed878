"""The way from a native volume to what a model looks at, and back."""

from voxclick.preprocess.view import Patch, View

__all__ = ["Patch", "View"]
