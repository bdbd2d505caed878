"""Images, masks and label maps, each on its grid."""

from voxclick.volume.labelmap import LabelMap
from voxclick.volume.mask import Mask
from voxclick.volume.volume import Source, Volume

__all__ = ["LabelMap", "Mask", "Source", "Volume"]
