import pytest
import torch
from published_sam2 import RELEASED, entries, narrow
from transformers.initialization import no_init_weights

from voxclick.errors import FileFormatError
from voxclick.models.sam2_slices.architecture import configuration, trunk_of
from voxclick.models.sam2_slices.names import PROMPT_POSITION, in_library, library_name, recognises
from voxclick.models.sam2_slices.network import Sam2Volume


def shapes(tensors):
    return {name: tuple(one.shape) for name, one in tensors.items()}


def published(size, version):
    embed, stages, background, window = RELEASED[size]
    named = entries(embed, stages, background, window, version=version)
    return {name: torch.empty(shape, device="meta") for name, shape in named.items()}


@pytest.mark.slow
@pytest.mark.parametrize("version", ["2", "2.1"])
@pytest.mark.parametrize("size", RELEASED)
def test_every_entry_of_every_released_size_has_its_place(size, version):
    renamed = in_library(published(size, version))
    config = configuration(renamed, trunk_of(renamed), 1024)
    with torch.device("meta"), no_init_weights():
        wanted = Sam2Volume(config).state_dict()
    assert shapes(renamed) == shapes(wanted)


def test_no_two_entries_get_one_name():
    names = entries(96, [1, 2, 7, 2])
    assert len({library_name(name) for name in names}) == len(names)


def test_the_four_kinds_of_points_become_one_entry_in_order():
    tensors = narrow()
    joined = in_library(tensors)["prompt_encoder.point_embed.weight"]
    for kind in range(4):
        assert torch.equal(
            joined[kind], tensors[f"sam_prompt_encoder.point_embeddings.{kind}.weight"][0]
        )


def test_names_of_the_library_stay():
    renamed = in_library(narrow())
    assert shapes(in_library(renamed)) == shapes(renamed)


def test_the_matrix_that_the_hub_holds_once_is_there_twice():
    renamed = in_library(narrow())
    matrix = renamed.pop(PROMPT_POSITION)
    assert torch.equal(in_library(renamed)[PROMPT_POSITION], matrix)


def test_a_checkpoint_is_recognised_in_both_forms_and_others_are_not():
    tensors = narrow()
    assert recognises(tensors)
    assert recognises(in_library(tensors))
    assert not recognises({"image_encoder.trunk.patch_embed.proj.weight": 0})
    assert not recognises({"image_encoder.patch_embed.proj.weight": 0, "model": 0})


def test_a_missing_kind_of_point_is_told():
    tensors = narrow()
    del tensors["sam_prompt_encoder.point_embeddings.2.weight"]
    with pytest.raises(FileFormatError, match=r"point_embeddings\.2"):
        in_library(tensors)
