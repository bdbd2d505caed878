"""The library's own EdgeTAM in its own session, to compare with."""

import torch
from torch.nn import functional
from transformers import EdgeTamVideoModel
from transformers.models.edgetam_video.modeling_edgetam_video import EdgeTamVideoInferenceSession

from voxclick.models.sam2_slices.frames import frame, frame_mask


class Reference(EdgeTamVideoModel):
    """The library's model with three habits of the authors' predictor that it lacks.

    Memories are rounded to bfloat16; the pointer of a mask prompt is of the first mask token, and
    its memory of the mask at the size of an answer.
    """

    def _encode_new_memory(self, *given, **named):
        features, places = super()._encode_new_memory(*given, **named)
        return features.bfloat16().float(), places

    def _single_frame_forward(self, *given, multimask_output=False, **named):
        return super()._single_frame_forward(*given, multimask_output=multimask_output, **named)

    def _use_mask_as_output(self, *given, **named):
        found = super()._use_mask_as_output(*given, **named)
        size = found.high_res_masks.shape[-2:]
        found.high_res_masks = functional.interpolate(found.pred_masks, size=size, mode="bilinear")
        return found


class Frames:
    """Frames of slices, made when they are asked for."""

    def __init__(self, slices, size):
        self.slices, self.size = slices, size

    def __len__(self):
        return len(self.slices)

    def __getitem__(self, index):
        return frame(self.slices[index], self.size)


def reference(network, encoder=None):
    """The library's model with the weights of a network here; `encoder` stands in for its own."""
    model = Reference(network.config).eval()
    model.load_state_dict(network.state_dict())
    if encoder is not None:
        model.vision_encoder.backbone = encoder
    return model


def followed(model, slices, steps, masks=None):
    """Logits of every slice, from steps as `propagate` takes them, in the published order."""
    size, (count, height, width) = model.config.image_size, slices.shape
    session = EdgeTamVideoInferenceSession(
        video=None,
        video_height=height,
        video_width=width,
        dtype=torch.float32,
        inference_device="cpu",
        max_vision_features_cache_size=count,
    )
    session.processed_frames = Frames(slices, size)
    session.obj_id_to_idx(0)
    found = torch.full((count, size // 4, size // 4), -1024.0)
    first = None
    for kind, *rest in steps:
        if kind == "propagate":
            for reverse in (False, True):
                for out in model.propagate_in_video_iterator(
                    session, start_frame_idx=first, reverse=reverse
                ):
                    found[out.frame_idx] = out.pred_masks[0, 0]
            continue
        index, said = rest
        first = index if first is None else first
        if kind == "mask":
            session.add_mask_inputs(0, index, frame_mask(masks[index], size)[None, None])
        else:
            session.add_point_inputs(0, index, _points(said, size, height, width))
        session.obj_with_new_inputs = [0]
        found[index] = model(session, frame_idx=index).pred_masks[0, 0]
    return found


def _points(said, size, height, width):
    corners = torch.tensor(said.get("box", ())).float().reshape(-1, 2)
    places = torch.tensor(said.get("points", ())).float().reshape(-1, 2)
    labels = torch.tensor([*(2, 3)[: len(corners)], *said.get("labels", ())], dtype=torch.int32)
    scaled = torch.cat([corners, places]) / torch.tensor([width, height]) * size
    return {"point_coords": scaled[None, None], "point_labels": labels[None, None]}
