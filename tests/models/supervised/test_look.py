import pytest
from supervised_network import LOOK, SIZES

from voxclick.errors import FileFormatError
from voxclick.models.supervised.look import Look, header_of, told_by


@pytest.mark.parametrize("look", [LOOK, Look(("one",), (0.5, 0.5, 3.0), None)])
def test_a_header_tells_all_of_it(look):
    assert told_by(header_of(SIZES, look)) == (SIZES, look)


@pytest.mark.parametrize(
    "header",
    [{}, {"sizes": "{}", "look": "{}"}, {"sizes": "x", "look": "y"}, {"sizes": "[]", "look": "[]"}],
)
def test_a_header_that_tells_it_not_is_refused(header):
    with pytest.raises(FileFormatError, match="voxclick train dynunet"):
        told_by(header)
