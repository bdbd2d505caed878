import numpy as np
from phantoms import bright_ball
from region_growing import RegionGrowing

from voxclick.engine.cache import EmbeddingCache
from voxclick.geometry import Box, Grid
from voxclick.models.base import Segmenter

VOLUME, _ = bright_ball(Grid((80, 80, 80), np.eye(4)), (20, 18, 16), 8.0)


def look(segmenter: Segmenter, at: int) -> object:
    return segmenter.spec.look(VOLUME.grid, Box((at, at, at), (at + 1, at + 1, at + 1)), 0)


def test_a_view_is_encoded_once() -> None:
    cache, segmenter = EmbeddingCache(), RegionGrowing()
    for _ in range(3):
        cache.embed(VOLUME, segmenter, look(segmenter, 30))
    assert segmenter.encoded == 1
    assert (cache.hits, cache.misses) == (2, 1)


def test_the_budget_in_bytes_drops_the_least_recently_used() -> None:
    segmenter = RegionGrowing()
    one = EmbeddingCache()
    one.embed(VOLUME, segmenter, look(segmenter, 20))
    cache = EmbeddingCache(budget_bytes=2 * one.nbytes)
    segmenter.encoded = 0
    for at in (20, 30, 20, 40, 20):
        cache.embed(VOLUME, segmenter, look(segmenter, at))
    assert segmenter.encoded == 3
    assert cache.nbytes <= cache.budget_bytes
    cache.embed(VOLUME, segmenter, look(segmenter, 30))
    assert segmenter.encoded == 4


def test_the_newest_view_is_kept_whatever_the_budget() -> None:
    cache, segmenter = EmbeddingCache(budget_bytes=1), RegionGrowing()
    for _ in range(2):
        cache.embed(VOLUME, segmenter, look(segmenter, 30))
    assert segmenter.encoded == 1


def test_two_models_do_not_share_embeddings() -> None:
    cache = EmbeddingCache()
    first, second = RegionGrowing(), RegionGrowing()
    for segmenter in (first, second):
        cache.embed(VOLUME, segmenter, look(segmenter, 30))
    assert (first.encoded, second.encoded) == (1, 1)


def test_a_forgotten_volume_takes_no_memory() -> None:
    cache, segmenter = EmbeddingCache(), RegionGrowing()
    cache.embed(VOLUME, segmenter, look(segmenter, 20))
    cache.forget(VOLUME)
    assert cache.nbytes == 0
