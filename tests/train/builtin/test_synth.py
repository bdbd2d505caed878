import pytest
import torch

from voxclick.train.builtin.synth import (
    RawMap,
    SynthSettings,
    make_batch,
    make_scenes,
    number_objects,
    paint,
    tissue_around,
)
from voxclick.train.builtin.synth_intensity import Draw

CPU = torch.device("cpu")


def seeded(seed):
    return torch.Generator().manual_seed(seed)


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    """Two threads on busy cores wait for each other most of the time."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def scenes(one_thread):
    return make_scenes(16, 36, seeded(5), CPU)


def voxels(objects):
    """Voxels of each number, 0 included."""
    return torch.bincount(objects.flatten().long())


def test_the_same_seed_gives_the_same_scenes():
    first, again = (make_scenes(2, 24, seeded(3), CPU) for _ in range(2))
    other = make_scenes(2, 24, seeded(4), CPU)
    for name in ("image", "objects", "parents", "lengths"):
        assert torch.equal(getattr(first, name), getattr(again, name))
    assert not torch.equal(first.image, other.image)


def test_a_second_call_gives_other_scenes():
    generator = seeded(3)
    first, second = (make_scenes(1, 24, generator, CPU) for _ in range(2))
    assert not torch.equal(first.image, second.image)


@pytest.mark.parametrize("size", [(32, 24, 40), (17, 48, 21)])
def test_scenes_have_the_size_asked_for_along_each_axis(size):
    scenes = make_scenes(3, size, seeded(0), CPU)
    assert scenes.image.shape == (3, *size)
    assert scenes.objects.shape == (3, *size)
    assert scenes.image.isfinite().all()


def test_images_are_finite_and_not_flat(scenes):
    assert scenes.image.dtype == torch.float32
    assert scenes.image.isfinite().all()
    assert (scenes.image.std((1, 2, 3)) > 0).all()


def test_objects_are_numbered_from_one_without_gaps(scenes):
    assert scenes.objects.dtype == torch.int16
    for objects in scenes.objects:
        present = objects.unique()
        present = present[present > 0]
        assert torch.equal(present, torch.arange(1, len(present) + 1, dtype=torch.int16))


def test_each_scene_has_three_objects_worth_a_click(scenes):
    for objects in scenes.objects:
        sizes = voxels(objects)[1:]
        assert (sizes >= 60).sum() >= 3
        assert sizes.min() >= SynthSettings().smallest
        assert sizes.max() < 0.9 * objects.numel()


def test_parents_are_other_objects_of_the_scene(scenes):
    assert (scenes.parents > 0).any()
    for objects, parents in zip(scenes.objects, scenes.parents, strict=True):
        count = int(objects.max())
        assert (parents >= 0).all()
        assert (parents <= count).all()
        assert (parents[count + 1 :] == 0).all()
        assert parents[0] == 0
        assert all(parents[number] != number for number in range(1, count + 1))


def test_parents_make_no_ring(scenes):
    holder = scenes.parents
    for _ in range(6):
        holder = scenes.parents.gather(1, holder)
    assert (holder == 0).all()


def test_some_scenes_have_one_longer_step(scenes):
    lengths = scenes.lengths
    assert torch.equal(lengths.amin(1), torch.ones(len(lengths)))
    assert (lengths.amax(1) > 1).any()
    assert ((lengths > 1).sum(1) <= 1).all()
    assert (lengths <= SynthSettings().thickest).all()


def test_without_thick_slices_all_steps_are_equal():
    settings = SynthSettings(thick_slices=0, ct=1)
    scenes = make_scenes(8, 24, seeded(0), CPU, settings)
    assert (scenes.lengths == 1).all()
    assert (scenes.image >= -1024).all()
    assert (scenes.image <= 3071).all()


def test_most_objects_differ_from_what_lies_around_them(scenes):
    """The mean inside against the mean of the shell around, over the spread of the image."""
    seen = []
    for image, objects in zip(scenes.image[:8], scenes.objects[:8], strict=True):
        spread = image.std()
        for number in range(1, int(objects.max()) + 1):
            mask = objects == number
            near = torch.nn.functional.max_pool3d(mask[None].float(), 5, 1, 2)[0] > 0
            shell = near & ~mask
            seen.append(bool((image[mask].mean() - image[shell].mean()).abs() > 0.1 * spread))
    assert sum(seen) > 0.7 * len(seen)


def test_painting_a_real_label_map_leaves_its_objects_apart():
    objects = torch.zeros(1, 24, 24, 24, dtype=torch.int16)
    objects[:, 4:12, 4:12, 4:12] = 1
    objects[:, 12:20, 4:12, 4:12] = 2
    lengths = torch.tensor([[1.0, 1.0, 6.0]])
    tissue = tissue_around(objects, lengths, seeded(0))
    assert (tissue > 0).all()
    assert len(tissue[objects == 1].unique()) == 1
    assert not set(tissue[objects > 0].tolist()) & set(tissue[objects == 0].tolist())
    image = paint(objects, tissue, lengths, seeded(1))
    assert image.shape == objects.shape
    assert image.isfinite().all()
    assert not torch.equal(image, paint(objects, tissue, lengths, seeded(2)))


def test_a_batch_made_at_once_holds_different_sound_scenes():
    scenes = make_batch(4, (24, 20, 28), Draw(seeded(1)), SynthSettings())
    assert scenes.image.shape == (4, 24, 20, 28)
    assert scenes.image.isfinite().all()
    assert not torch.equal(scenes.objects[0], scenes.objects[1])
    assert all((voxels(objects)[1:] >= 60).sum() >= 3 for objects in scenes.objects)


def test_a_lesion_in_an_organ_belongs_to_it():
    raw = torch.ones(1, 4, 4, 8, dtype=torch.int16)
    raw[:, :, :, 4:] = 2
    raw[:, :3, :3, :3] = 3  # in 1
    raw[:, 1, 1, 1] = 4  # the core of 3
    parents = torch.tensor([[0, 0, 0, 1, 3]])
    shapes = RawMap(raw, parents, parents)
    hidden = torch.tensor([[True, False, True, False, True]])
    settings = SynthSettings(smallest=1)
    objects, above = number_objects(shapes, hidden, settings)
    assert objects[0, 1, 1, 1] == objects[0, 0, 0, 0] == 2  # the hidden core is lesion
    assert objects[0, 3, 3, 0] == 1
    assert objects[0, 0, 0, 7] == 0
    assert above[0].tolist() == [0, 0, 1, 0, 0]
