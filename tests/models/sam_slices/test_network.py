import pytest
import torch
from published_sam import narrow
from transformers import SamModel

from voxclick.models.sam_slices.architecture import configuration
from voxclick.models.sam_slices.names import in_library
from voxclick.models.sam_slices.network import Asked

FRAME = torch.linspace(-2, 2, 3 * 64 * 64).reshape(3, 64, 64).sin()
POINTS, LABELS = torch.tensor([[20.0, 30.0], [40.0, 10.0]]), torch.tensor([1, 0])
BOX = torch.tensor([[10.0, 12.0], [50.0, 44.0]])


@pytest.fixture(scope="module")
def library():
    """The library's own model with the same weights."""
    tensors = in_library(narrow())
    model = SamModel(configuration(tensors)).eval().requires_grad_(False)
    model.load_state_dict(tensors)
    return model


def test_features_are_the_librarys(network, library):
    ours = network.encode(FRAME)
    assert torch.equal(ours, library.get_image_embeddings(FRAME[None])[0])


@pytest.mark.parametrize("what", ["point", "points", "box", "points in a box", "point and mask"])
def test_answers_are_the_librarys(network, library, what):
    count = {"point": 1, "point and mask": 1, "box": 0}.get(what, 2)
    box = BOX if "box" in what else None
    before = torch.linspace(-3, 3, 256).reshape(16, 16) if "mask" in what else None
    several = what == "point"
    told = library(
        pixel_values=FRAME[None],
        input_points=POINTS[:count][None, None] if count else None,
        input_labels=LABELS[:count][None, None] if count else None,
        input_boxes=None if box is None else box.reshape(1, 1, 4),
        input_masks=None if before is None else before[None, None],
        multimask_output=several,
    )
    best = told.iou_scores[0, 0].argmax()
    asked = Asked(POINTS[:count], LABELS[:count], box, before)
    assert asked.ambiguous == several
    logits, quality = network.answer(network.encode(FRAME), asked)
    assert torch.allclose(logits, told.pred_masks[0, 0, best], atol=1e-6)
    assert torch.allclose(quality, told.iou_scores[0, 0, best], atol=1e-6)
    assert logits.shape == (network.mask_size, network.mask_size)
