"""Every call of the unmodified client from PyPI, against the server."""

import threading
import traceback

import httpx
import numpy as np
import pytest
import torch
from nnInteractive.inference.remote import ServerAtCapacityError, SessionExpiredError
from phantoms import GRIDS, bright_ball
from region_growing import RegionGrowing

from voxclick.engine.session import Session
from voxclick.geometry import Grid
from voxclick.prompts import BoxPrompt, Lasso, MaskPrompt, Point, Scribble
from voxclick.volume import Mask, Volume

INSIDE, EDGE, OUTSIDE = (20, 18, 16), (27, 18, 16), (3, 3, 3)


def answered(ball, *prompts, spacing=(1.0, 1.0, 1.0)):
    """What a session of our own makes of the same prompts."""
    array = ball[0][0]
    session = Session(Volume(array, Grid(array.shape, np.diag([*spacing, 1.0]))), RegionGrowing())
    for prompt in prompts:
        session.add(prompt)
    return session.mask().array


def shows(client, mask):
    """Whether the client's buffer is this mask."""
    return np.array_equal(np.asarray(client.target_buffer) > 0, mask)


def test_a_click_gives_what_a_session_gives(client, ball):
    client.add_point_interaction(INSIDE, include_interaction=True)
    found = answered(ball, Point(INSIDE))
    assert np.mean(found == ball[1]) > 0.99
    assert shows(client, found)


def test_the_box_that_is_told_is_the_box_that_changed(client, ball):
    bbox = client.add_point_interaction(INSIDE, include_interaction=True)
    found = np.argwhere(answered(ball, Point(INSIDE)))
    low, high = found.min(axis=0), found.max(axis=0) + 1
    assert bbox == [[a, b] for a, b in zip(low.tolist(), high.tolist(), strict=True)]


def test_a_negative_click_takes_away(client, ball):
    client.add_point_interaction(INSIDE, include_interaction=True)
    client.add_point_interaction(EDGE, include_interaction=False)
    assert client.target_buffer[EDGE] == 0
    assert shows(client, answered(ball, Point(INSIDE), Point(EDGE, positive=False)))


@pytest.mark.parametrize(
    ("start", "stop"), [((8, 6, 4), (33, 31, 29)), ((8, 6, 16), (33, 31, 17))], ids=["3D", "2D"]
)
def test_a_box_is_taken_in_3d_and_on_a_slice(client, ball, start, stop):
    bbox = list(zip(start, stop, strict=True))
    client.add_bbox_interaction(bbox, include_interaction=False)
    client.add_point_interaction(INSIDE, include_interaction=True)
    box = BoxPrompt(start, stop, positive=False)
    assert shows(client, answered(ball, box, Point(INSIDE)))


def test_a_scribble_is_the_voxels_of_its_mask(client, ball):
    drawn = np.zeros(ball[1].shape, dtype=np.uint8)
    drawn[15:25, 18, 16] = 1
    client.add_scribble_interaction(drawn, include_interaction=True)
    assert shows(client, answered(ball, Scribble(np.argwhere(drawn))))


def test_a_cropped_scribble_lies_where_its_box_says(client, ball):
    drawn = np.ones((10, 1, 1), dtype=bool)
    client.add_scribble_interaction(drawn, True, interaction_bbox=[[15, 25], [18, 19], [16, 17]])
    stroke = np.array([(i, 18, 16) for i in range(15, 25)])
    assert shows(client, answered(ball, Scribble(stroke)))


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("filled", [True, False], ids=["filled", "line"])
def test_a_negative_lasso_empties_what_it_encloses_on_its_slice(client, ball, axis, filled):
    plane = np.zeros([n for a, n in enumerate(ball[1].shape) if a != axis], dtype=np.uint8)
    plane[10:22, 9:20] = 1
    enclosed = np.zeros(ball[1].shape, dtype=bool)
    np.moveaxis(enclosed, axis, 0)[15] = plane
    if not filled:
        plane[11:21, 10:19] = 0
    drawn = np.zeros(ball[1].shape, dtype=np.uint8)
    np.moveaxis(drawn, axis, 0)[15] = plane
    client.add_point_interaction(INSIDE, include_interaction=True)
    before = client.target_buffer > 0
    client.add_lasso_interaction(drawn, include_interaction=False)
    assert (before & enclosed).any()
    assert not (client.target_buffer[enclosed]).any()


def test_a_positive_lasso_is_our_lasso_around_the_same_voxels(client, ball):
    drawn = np.zeros((12, 12, 1), dtype=np.uint8)
    drawn[2:10, 1:11] = 1
    client.add_lasso_interaction(drawn, True, interaction_bbox=[[14, 26], [12, 24], [16, 17]])
    corners = [(15.5, 12.5), (23.5, 12.5), (23.5, 22.5), (15.5, 22.5)]
    assert shows(client, answered(ball, Lasso(np.array([(*c, 16.0) for c in corners]), 2)))


def test_an_initial_segmentation_is_corrected_by_later_prompts(client, ball):
    given = np.roll(ball[1], 3, axis=0).astype(np.uint8)
    assert client.add_initial_seg_interaction(given) is None
    assert shows(client, given > 0)
    client.add_point_interaction(OUTSIDE, include_interaction=False)
    client.add_point_interaction(INSIDE, include_interaction=True)
    mask = Mask(given, Grid(given.shape, np.eye(4)))
    after = answered(ball, MaskPrompt(mask), Point(OUTSIDE, positive=False), Point(INSIDE))
    assert shows(client, after)


def test_an_initial_segmentation_replaces_the_prompts_before_it(client, ball):
    client.add_point_interaction(INSIDE, include_interaction=True)
    given = np.zeros_like(client.target_buffer)
    given[2:5, 2:5, 2:5] = 1
    bbox = client.add_initial_seg_interaction(given, run_prediction=True)
    assert bbox == [[2, 5], [2, 5], [2, 5]]
    assert shows(client, given > 0)
    assert client.undo()
    assert not client.target_buffer.any()
    assert not client.undo()


def test_an_empty_initial_segmentation_is_a_new_object(client):
    client.add_point_interaction(INSIDE, include_interaction=True)
    assert client.add_initial_seg_interaction(np.zeros_like(client.target_buffer)) is None
    assert not client.undo()


def test_undo_goes_back_prompt_by_prompt_to_nothing(client, ball):
    client.add_point_interaction(INSIDE, include_interaction=True)
    client.add_point_interaction(EDGE, include_interaction=False)
    assert client.undo()
    assert shows(client, answered(ball, Point(INSIDE)))
    assert client.undo()
    assert not client.target_buffer.any()
    assert not client.undo()


def test_prompts_that_wait_are_answered_together(client, ball):
    assert client.add_point_interaction(INSIDE, True, run_prediction=False) is None
    assert client.add_point_interaction(EDGE, False, run_prediction=False) is None
    assert not client.target_buffer.any()
    assert client._predict(force_full_refine=True) is not None
    assert shows(client, answered(ball, Point(INSIDE), Point(EDGE, positive=False)))
    assert client._predict() is None


def test_a_prompt_that_waits_is_answered_with_the_next_one(client, ball):
    client.add_point_interaction(EDGE, False, run_prediction=False)
    client.add_point_interaction(INSIDE, True)
    assert shows(client, answered(ball, Point(EDGE, positive=False), Point(INSIDE)))


def test_undo_takes_back_a_prompt_that_waits(client, ball):
    client.add_point_interaction(INSIDE, True)
    client.add_point_interaction(EDGE, False, run_prediction=False)
    assert client.undo()
    assert client._predict() is None
    assert shows(client, answered(ball, Point(INSIDE)))


def test_reset_begins_the_next_object_without_encoding_the_image_again(serve, ball):
    model = RegionGrowing()
    with serve(model=model).client() as client:
        client.set_image(ball[0], {"spacing": [1.0, 1.0, 1.0]})
        client.set_target_buffer(np.zeros(ball[1].shape, dtype=np.uint8))
        client.add_point_interaction(INSIDE, True)
        encoded, first = model.encoded, client.target_buffer.copy()
        client.reset_interactions()
        assert not client.target_buffer.any()
        assert not client.undo()
        client.add_point_interaction(INSIDE, True)
        np.testing.assert_array_equal(client.target_buffer, first)
        assert model.encoded == encoded > 0


def test_a_new_buffer_begins_the_next_object(client, ball):
    client.add_point_interaction(INSIDE, True)
    client.set_target_buffer(np.zeros(ball[1].shape, dtype=np.uint8))
    assert not client.undo()
    client.add_point_interaction(INSIDE, True)
    assert shows(client, answered(ball, Point(INSIDE)))


@pytest.mark.parametrize(
    "dtype", ["bool", "uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64"]
)
def test_a_buffer_keeps_its_type(client, ball, dtype):
    client.set_target_buffer(np.zeros(ball[1].shape, dtype=dtype))
    client.add_point_interaction(INSIDE, True)
    assert client.target_buffer.dtype == dtype
    assert shows(client, answered(ball, Point(INSIDE)))


def test_a_buffer_of_torch_is_filled(client, ball):
    client.set_target_buffer(torch.zeros(ball[1].shape, dtype=torch.int16))
    client.add_point_interaction(INSIDE, True)
    assert shows(client, answered(ball, Point(INSIDE)))


def test_what_changes_is_clipped_to_a_smaller_buffer(client, ball):
    client.set_target_buffer(np.zeros((22, 40, 17), dtype=np.uint8))
    bbox = client.add_point_interaction(INSIDE, True)
    whole = answered(ball, Point(INSIDE))
    assert bbox[0][1] == 22
    assert bbox[2][1] == 17
    np.testing.assert_array_equal(client.target_buffer[:, :36] > 0, whole[:22, :, :17])


@pytest.mark.parametrize("dtype", ["uint8", "int16", "uint16", "float16", "float32", "float64"])
def test_an_image_of_any_type_of_numbers_is_segmented(client, ball, dtype):
    client.set_image(np.clip(ball[0], 0, 255).astype(dtype), {"spacing": [1.0, 1.0, 1.0]})
    client.add_point_interaction(INSIDE, True)
    assert client.original_image_shape == ball[0].shape
    assert np.mean((client.target_buffer > 0) == ball[1]) > 0.98


def test_the_spacing_is_heard_in_the_order_of_the_axes(client):
    volume, _ = bright_ball(GRIDS["anisotropic"], (20.0, 18.0, 16.0), 9.0)
    image = (volume.array[None], None)
    client.set_image(image[0], {"spacing": np.array([0.8, 0.8, 3.0])})
    client.set_target_buffer(np.zeros(volume.grid.shape, dtype=np.uint8))
    client.add_point_interaction(INSIDE, True)
    assert shows(client, answered(image, Point(INSIDE), spacing=(0.8, 0.8, 3.0)))


def test_an_image_without_spacing_has_voxels_of_a_millimetre(client, ball):
    client.set_image(ball[0])
    client.add_point_interaction(INSIDE, True)
    assert shows(client, answered(ball, Point(INSIDE)))


def test_a_new_image_begins_anew(client, ball):
    client.add_point_interaction(INSIDE, True)
    client.set_image(np.flip(ball[0], 1), {"spacing": [1.0, 1.0, 1.0]})
    client.set_target_buffer(np.zeros(ball[1].shape, dtype=np.uint8))
    assert not client.undo()
    client.add_point_interaction((19, 18, 16), True)
    assert shows(client, answered((np.flip(ball[0], 1),), Point((19, 18, 16))))


def test_without_autozoom_the_answer_stays_in_one_view(serve):
    volume, mask = bright_ball(Grid((64, 64, 64), np.eye(4)), (32, 32, 32), 22.0)
    with serve(max_bytes=1 << 21).client() as client:
        client.set_image(volume.array[None], {"spacing": [1.0, 1.0, 1.0]})
        client.set_target_buffer(np.zeros(mask.array.shape, dtype=np.uint8))
        client.set_do_autozoom(False)
        bbox = client.add_point_interaction((32, 32, 32), True)
        assert max(high - low for low, high in bbox) <= 36  # 24 view voxels of 1.5 mm
        client.set_do_autozoom(True)
        client.add_point_interaction((33, 32, 32), True)
        assert np.mean((client.target_buffer > 0) == mask.array) > 0.95


def test_the_rest_of_the_client_works(client):
    assert client.ping()
    assert client.heartbeat() == 600.0
    assert client.lease_status() == {"remaining_seconds": 600.0, "idle_timeout_seconds": 600.0}
    client.set_do_autozoom(False)
    assert client.do_autozoom is False
    with pytest.warns(RuntimeWarning, match="loaded its checkpoint at startup"):
        client.initialize_from_trained_model_folder("anywhere")


def test_two_clients_work_side_by_side(serve, ball):
    served, other = serve("/nni"), (np.flip(ball[0], 1).copy(), None)
    with served.client() as left, served.client() as right:
        for client, image in ((left, ball[0]), (right, other[0])):
            client.set_image(image, {"spacing": [1.0, 1.0, 1.0]})
            client.set_target_buffer(np.zeros(ball[1].shape, dtype=np.uint8))

        def prompt(client, inside):
            for _ in range(5):
                client.add_point_interaction(inside, True)
                client.undo()
            client.add_point_interaction(inside, True)

        threads = [
            threading.Thread(target=prompt, args=(left, INSIDE)),
            threading.Thread(target=prompt, args=(right, (19, 18, 16))),
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert shows(left, answered(ball, Point(INSIDE)))
        assert shows(right, answered(other, Point((19, 18, 16))))


def refused(served):
    """What the client raises in its constructor; it leaves its connection open, which is closed."""
    with pytest.raises((httpx.HTTPStatusError, ServerAtCapacityError)) as raised:
        served.client()
    for frame, _ in traceback.walk_tb(raised.tb):
        if hasattr(frame.f_locals.get("self"), "_http"):
            frame.f_locals["self"]._http.close()
    return raised.value


def test_a_server_that_is_full_says_so_until_someone_leaves(serve):
    served = serve(max_sessions=1)
    first = served.client()
    full = refused(served)
    assert isinstance(full, ServerAtCapacityError)
    assert "all 1 places" in str(full)
    assert httpx.post(f"{served.url}/claim").headers["Retry-After"] == "10"
    first.close()
    served.client().close()


def test_a_lease_that_was_left_alone_has_ended(serve):
    served = serve(max_sessions=1)
    with served.client() as client:
        served.clock.now_s += 61
        with pytest.raises(SessionExpiredError, match="claim a new one"):
            client.reset_interactions()
        served.client().close()


def test_heartbeats_keep_a_lease_until_its_user_is_idle_for_too_long(serve, ball):
    served = serve()
    with served.client() as client:
        for minutes in range(1, 11):
            served.clock.now_s += 60
            assert client.heartbeat() == 600 - 60 * minutes
        served.clock.now_s += 1
        with pytest.raises(SessionExpiredError):
            client.set_image(ball[0])


def test_a_key_is_asked_for(serve, ball):
    served = serve("/nni", key="a key that nobody guesses")
    with served.client() as client:
        client.set_image(ball[0])
    served.key = "another"
    assert refused(served).response.status_code == 401
    assert httpx.get(f"{served.url}/healthz").json() == {"ok": True}
