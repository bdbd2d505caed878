"""One training step of a supervised network: patches, answers at several scales, Dice and CE."""

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from voxclick.models.supervised.network import missing
from voxclick.train.supervised.patches import LabelledPatch


class SupervisedStep(nn.Module):
    """Dice and cross entropy of the network's answers, as nnU-Net weighs them.

    Each coarser answer of DynUNet counts half of the finer one; all together count one.

    Args:
        network: What is trained.

    Raises:
        OptionError: If MONAI is not installed.
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        try:
            from monai.losses import DiceCELoss
        except ImportError as error:
            raise missing(error) from None
        self.network = network
        self._loss = DiceCELoss(
            include_background=False, to_onehot_y=True, softmax=True, batch=True
        )

    def forward(
        self, samples: Sequence[LabelledPatch], seed: int
    ) -> tuple[Tensor, dict[str, float]]:
        """The loss, and the Dice of the structures that the patches show.

        Args:
            samples: Patches of one size.
            seed: Of nothing: the network draws no numbers that torch's generator does not seed.
        """
        device = next(self.network.parameters()).device
        image = torch.from_numpy(np.stack([each.image for each in samples]))[:, None].to(device)
        truth = torch.from_numpy(np.stack([each.truth for each in samples]))[:, None].to(device)
        answers = self.network(image)  # b s c d h w with deep supervision, else b c d h w
        scales = answers.unbind(dim=1) if answers.ndim == 6 else (answers,)
        shares = [0.5**n for n in range(len(scales))]
        with torch.autocast(device.type, enabled=False):
            losses = [
                share / sum(shares) * self._loss(one.float(), truth)
                for share, one in zip(shares, scales, strict=True)
            ]
        return torch.stack(losses).sum(), {"dice": mean_dice(scales[0].detach(), truth[:, 0])}


def mean_dice(logits: Float[Tensor, "b c d h w"], truth: Int[Tensor, "b d h w"]) -> float:
    """Mean Dice over the structures that are there, all patches together; not a number for none."""
    found = logits.argmax(dim=1)
    known = [
        float(2 * (ours & theirs).sum() / (ours.sum() + theirs.sum()))
        for number in range(1, logits.shape[1])
        if (theirs := truth == number).any()
        for ours in [found == number]
    ]
    return float(np.mean(known)) if known else float("nan")
