"""Following an object through slices: `python -m benchmarks.sam2_slices`.

SAM 2.1 tiny or EdgeTAM with weights drawn at random, so that nothing is fetched: what is told is
cost, never quality. First many small slices, with a budget for what is encoded, and the most
memory that the process held before and after. Then a pass that encodes every slice, and a redo
that finds them encoded.
"""

import argparse
import os
import resource
import time
from collections.abc import Callable

import torch
from transformers import (
    EdgeTamVideoConfig,
    EdgeTamVideoPromptEncoderConfig,
    EdgeTamVisionConfig,
    Sam2HieraDetConfig,
    Sam2VideoConfig,
    Sam2VisionConfig,
)
from transformers.models.sam2_video.configuration_sam2_video import Sam2VideoPromptEncoderConfig

from voxclick.models.sam2_slices.architecture import feature_sizes
from voxclick.models.sam2_slices.clip import Clip
from voxclick.models.sam2_slices.edgetam.network import EdgeTamVolume
from voxclick.models.sam2_slices.edgetam.repvit import RepVitConfig
from voxclick.models.sam2_slices.network import Sam2Volume, SliceNetwork
from voxclick.models.sam2_slices.propagate import propagate

MIB = 1 << 20


def tiny(size: int) -> SliceNetwork:
    """SAM 2.1 tiny for frames of this size, drawn at random, always the same."""
    side, sizes = size // 16, feature_sizes(size)
    trunk = Sam2HieraDetConfig(image_size=[size, size])
    torch.manual_seed(0)
    network = Sam2Volume(
        Sam2VideoConfig(
            vision_config=Sam2VisionConfig(backbone_config=trunk, backbone_feature_sizes=sizes),
            prompt_encoder_config=Sam2VideoPromptEncoderConfig(image_size=size),
            image_size=size,
            memory_attention_rope_feat_sizes=[side, side],
        )
    )
    network.eval()
    return network


def edgetam(size: int) -> SliceNetwork:
    """EdgeTAM for frames of this size, drawn at random, always the same."""
    side = size // 16
    torch.manual_seed(0)
    network = EdgeTamVolume(
        EdgeTamVideoConfig(
            vision_config=EdgeTamVisionConfig(
                backbone_config=RepVitConfig(), backbone_feature_sizes=feature_sizes(size)
            ),
            prompt_encoder_config=EdgeTamVideoPromptEncoderConfig(image_size=size),
            image_size=size,
            memory_attention_rope_feat_sizes=[side, side],
            enable_temporal_pos_encoding_for_object_pointers=False,
            enable_occlusion_spatial_embedding=False,
        )
    )
    network.eval()
    return network


NETWORKS: dict[str, Callable[[int], SliceNetwork]] = {"sam2.1-tiny": tiny, "edgetam": edgetam}


def spent(work: Callable[[], object]) -> tuple[float, float]:
    """Processor seconds (of all threads) and wall seconds of some work."""
    began, clock = time.process_time(), time.perf_counter()
    work()
    return time.process_time() - began, time.perf_counter() - clock


def passes(network: SliceNetwork, count: int) -> None:
    """Print what a first pass and a redo cost a slice."""
    size = network.frame_size
    slices = torch.randint(0, 256, (count, size // 2, size // 2), dtype=torch.uint8)
    box = {"box": [size / 8, size / 8, size / 3, size / 3]}
    steps = [("click", count // 2, box), ("propagate",)]
    propagate(network, slices[:2], [("click", 0, box), ("propagate",)])
    clip = Clip(network, slices)
    first, redo = (spent(lambda: propagate(network, clip, steps)) for _ in range(2))
    print(f"{count} slices at {size} px, both directions, {torch.get_num_threads()} threads")
    print("| | processor s a slice | wall s a slice |\n|---|---:|---:|")
    for name, (processor, wall) in (("first pass", first), ("redo", redo)):
        print(f"| {name} | {processor / count:.2f} | {wall / count:.2f} |")
    print(f"\nA redo is {first[0] / redo[0]:.1f} times faster.")


def memory(network: SliceNetwork, count: int, budget_mib: int) -> None:
    """Print how much memory many slices take with a budget for what is encoded."""
    size = network.frame_size
    slices = torch.randint(0, 256, (count, size, size), dtype=torch.uint8)
    box = {"box": [size / 8, size / 8, size / 3, size / 3]}
    propagate(network, slices[:20], [("click", 0, box), ("propagate",)])
    before = _peak_mib()
    clip = Clip(network, slices, budget_mib * MIB)
    propagate(network, clip, [("click", count // 2, box), ("propagate",)])
    unbounded = clip.features(0).nbytes * count / MIB
    print(
        f"{count} slices at {size} px with a budget of {budget_mib} MiB: {clip.nbytes / MIB:.0f} "
        f"MiB of features at the end ({unbounded:.0f} MiB for all), "
        f"{_peak_mib() - before:.0f} MiB more than 20 slices took.\n"
    )


def _peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--network", choices=sorted(NETWORKS), default="sam2.1-tiny")
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--slices", type=int, default=12)
    parser.add_argument("--many", type=int, default=500, help="slices of the second part")
    parser.add_argument("--small", type=int, default=64, help="their size in pixels")
    parser.add_argument("--budget-mib", type=int, default=8)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    build = NETWORKS[arguments.network]
    memory(build(arguments.small), arguments.many, arguments.budget_mib)  # before a larger peak
    passes(build(arguments.size), arguments.slices)


if __name__ == "__main__":
    main()
