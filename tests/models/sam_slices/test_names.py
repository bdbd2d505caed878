import pytest
from published_sam import GLOBAL, RELEASED, entries, narrow
from transformers import SamConfig, SamModel

from voxclick.models.sam_slices.names import in_library, library_name, recognises


@pytest.mark.slow
@pytest.mark.parametrize("size", RELEASED)
def test_every_published_entry_has_its_place_in_the_library(size):
    import torch

    embed, blocks, heads = RELEASED[size]
    config = SamConfig(
        vision_config={
            "hidden_size": embed,
            "num_hidden_layers": blocks,
            "num_attention_heads": heads,
            "global_attn_indexes": GLOBAL[size],
        }
    )
    with torch.device("meta"):
        wanted = {name: tuple(t.shape) for name, t in SamModel(config).state_dict().items()}
    published = entries(embed, blocks, heads, GLOBAL[size])
    ours = {library_name(name): shape for name, shape in published.items()}
    # the library holds one matrix twice
    twice = "prompt_encoder.shared_embedding.positional_embedding"
    assert ours | {twice: wanted[twice]} == wanted


def test_the_librarys_own_names_stay():
    renamed = in_library(narrow())
    again = in_library(renamed)
    assert list(again) == list(renamed)


def test_a_sam_is_told_from_a_sam_2_and_from_an_encoder_alone():
    names = list(narrow())
    assert recognises(names)
    assert recognises(in_library(narrow()))
    assert not recognises([*names, "memory_encoder.out_proj.weight"])
    assert not recognises([name for name in names if name.startswith("image_encoder.")])
