import voxclick as vc
from voxclick.prompts import Suggestion


def test_the_point_of_a_suggestion_says_what_the_mask_does_not() -> None:
    assert Suggestion((3, 4, 5), False, 0.5).point == vc.Point((3.0, 4.0, 5.0), positive=False)
