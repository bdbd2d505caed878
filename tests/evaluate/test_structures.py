"""The table of structures."""

from voxclick.evaluate.structures import STRUCTURES, structure_of


def of(since):
    return [structure for structure in STRUCTURES if structure.since == since]


def test_there_are_104_numbered_structures_and_three_more():
    assert [structure.number for structure in of("v1")] == list(range(1, 105))
    assert {structure.name for structure in of("plus")} == {
        "skeletal_muscle",
        "visceral_fat",
        "subcutaneous_fat",
    }


def test_no_name_stands_twice():
    names = [structure.name for structure in STRUCTURES]
    assert len(set(names)) == len(names)


def test_the_numbers_are_those_of_the_published_label_maps():
    told = {structure.number: structure.name for structure in of("v1")}
    published = {
        1: "spleen",
        18: "vertebrae_L5",
        41: "vertebrae_C1",
        49: "pulmonary_artery",
        70: "rib_right_1",
        93: "face",
        104: "urinary_bladder",
    }
    assert published.items() <= told.items()


def test_parts_of_a_group_are_told_by_themselves():
    assert sum(structure.part == "vertebrae" for structure in of("v1")) == 24
    assert sum(structure.part == "ribs" for structure in of("v1")) == 24


def test_a_later_name_is_the_same_structure_and_an_unknown_one_is_in_no_group():
    assert structure_of("torso_fat") == structure_of("visceral_fat")
    assert structure_of("kidney_tumour").group == "other"
