"""Images, masks and label maps, each on its grid."""

from voxclick.volume.blocks import Blocks
from voxclick.volume.labelmap import LabelMap
from voxclick.volume.mask import Mask
from voxclick.volume.partwise import Partwise, Voxels
from voxclick.volume.volume import Source, Volume

__all__ = ["Blocks", "LabelMap", "Mask", "Partwise", "Source", "Volume", "Voxels"]
