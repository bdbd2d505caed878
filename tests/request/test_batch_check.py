"""All rows are checked before any work."""

import pytest

from voxclick.errors import InputError, OptionError, OutputError
from voxclick.request.batch_check import check_rows
from voxclick.request.batch_list import read_list


@pytest.fixture
def check(tmp_path):
    for name in ("a.nii.gz", "b.nii.gz", "m.nii.gz"):
        (tmp_path / name).write_text("never read")

    def checked(table):
        (tmp_path / "list.csv").write_text("image,output,point,mask,mask_label,negative\n" + table)
        check_rows(read_list(tmp_path / "list.csv", tmp_path / "out"), tmp_path / "out")

    return checked


def test_rows_that_can_be_tried_pass_without_their_images_being_read(check, tmp_path):
    check('a.nii.gz,,"1,2,3"\nb.nii.gz,b.mha,,m.nii.gz,2\n')
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("table", "error", "said"),
    [
        ('a.nii.gz,,"1,2,3"\nc.nii.gz,,"1,2,3"\n', InputError, r"row 2 \(line 3\).*c\.nii\.gz"),
        ('a.nii.gz,,"1,2"\n', InputError, "row 1.*3 numbers.*'1,2'"),
        ('a.nii.gz,,"1,2,nan"\n', InputError, "row 1"),
        ("a.nii.gz\n", InputError, "row 1.*at least one prompt"),
        ('a.nii.gz,,,,,"1,2,3"\n', InputError, "row 1.*at least one positive"),
        ('a.nii.gz,,"1,2,3",gone.nii\n', InputError, "row 1.*gone.nii"),
        ('a.nii.gz,,"1,2,3",,2\n', InputError, "row 1.*mask-label"),
        ('a.nii.gz,x.foo,"1,2,3"\n', InputError, r"row 1.*x\.foo"),
        ('a.nii.gz,no/x.nii,"1,2,3"\n', OutputError, "row 1.*no folder"),
        ('a.nii.gz,a.nii.gz,"1,2,3"\n', OutputError, "row 1.*overwritten"),
        ('a.nii.gz,b.nii.gz,"1,2,3"\nb.nii.gz,x.nii,"1,2,3"\n', OutputError, "row 1.*row 2"),
        (
            'a.nii.gz,x.nii,"1,2,3"\nb.nii.gz,./x.nii,"1,2,3"\n',
            OptionError,
            "output of its own.*row 1.*row 2",
        ),
    ],
)
def test_a_row_that_cannot_be_tried_is_named(check, table, error, said):
    with pytest.raises(error, match=said):
        check(table)
