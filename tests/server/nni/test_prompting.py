"""What bad input gets: the right status and one sentence, and the server goes on."""

import json
import socket
from urllib.parse import urlsplit

import httpx
import numpy as np
import pytest
from region_growing import RegionGrowing

from voxclick import wire
from voxclick.models.base import Spec

SHAPE = (40, 36, 32)
INSIDE = [20, 18, 16]


class Raw:
    """A client that sends what it is told, with a lease of its own."""

    def __init__(self, url, key=None):
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        self.http = httpx.Client(base_url=url, headers=headers, timeout=30)

    def __enter__(self):
        self.http.__enter__()
        self.http.headers["X-Lease-Token"] = self.http.post("/claim").json()["lease_token"]
        return self

    def __exit__(self, *raised):
        self.http.__exit__(*raised)

    def array(self, path, array, **meta):
        return self.packed(path, wire.encode(array), json.dumps(meta))

    def packed(self, path, body, meta="{}"):
        return self.http.post(path, content=body, headers={"X-Meta": meta})

    def json(self, path, **body):
        return self.http.post(path, json=body)

    def ready(self, image):
        assert self.array("/set_image", image).status_code == 200
        assert self.json("/set_target_buffer", shape=SHAPE, dtype="uint8").status_code == 200


@pytest.fixture
def raw(mounted, ball):
    with Raw(mounted.url) as found:
        found.ready(ball[0])
        yield found


@pytest.fixture
def fresh(mounted):
    with Raw(mounted.url) as found:
        yield found


def refused(answer, status, *words):
    """Whether it was refused so, in one sentence that holds these words."""
    told = answer.json()
    assert answer.status_code == status, told
    assert set(told) == {"detail"}
    assert "\n" not in told["detail"]
    for word in words:
        assert word in told["detail"]


def goes_on(raw):
    answer = raw.json("/add_point_interaction", coordinates=INSIDE, include_interaction=True)
    assert answer.status_code == 200
    return json.loads(answer.headers["X-Meta"])["bbox"] is not None


def test_an_answer_says_what_its_body_holds(raw):
    answer = raw.json("/add_point_interaction", coordinates=INSIDE, include_interaction=True)
    meta = json.loads(answer.headers["X-Meta"])
    shape = [high - low for low, high in meta["bbox"]]
    assert meta == {
        "ran_prediction": True,
        "bbox": meta["bbox"],
        "dtype": "uint8",
        "shape": shape,
    }
    body = wire.decode(answer.content, 1 << 20)
    assert (list(body.shape), body.dtype) == (shape, np.uint8)
    nothing = raw.json("/predict", force_full_refine=False)
    assert nothing.content == b""
    assert json.loads(nothing.headers["X-Meta"])["bbox"] is None


@pytest.mark.parametrize(
    ("image", "words"),
    [
        (np.zeros((4, 4, 4), np.float32), ["one channel", "[4, 4, 4]"]),
        (np.zeros((3, 4, 4, 4), np.uint8), ["one channel", "[3, 4, 4, 4]"]),
        (np.zeros((1, 4, 0, 4), np.uint8), ["shape"]),
    ],
)
def test_an_image_that_is_none_is_refused(fresh, image, words):
    refused(fresh.array("/set_image", image), 400, *words)


@pytest.mark.parametrize("spacing", [[1, 0, 1], [1, -1, 1], [1, 1], ["a", 1, 1], None])
def test_a_spacing_that_cannot_be_is_refused(fresh, spacing):
    image = np.zeros((1, 4, 4, 4), np.uint8)
    answer = fresh.array("/set_image", image, image_properties={"spacing": spacing})
    refused(answer, 400, "spacing")


def test_an_infinite_spacing_is_refused(fresh):
    body = wire.encode(np.zeros((1, 4, 4, 4), np.uint8))
    meta = '{"image_properties": {"spacing": [1, NaN, 1]}}'
    refused(fresh.packed("/set_image", body, meta), 400, "spacing")


@pytest.mark.parametrize("meta", ["", "no json", "[]", '{"image_properties": 3}'])
def test_a_broken_header_is_refused(fresh, meta):
    body = wire.encode(np.zeros((1, 4, 4, 4), np.uint8))
    refused(fresh.packed("/set_image", body, meta), 400, "X-Meta")


@pytest.mark.parametrize("path", ["/set_image", "/add_scribble_interaction"])
@pytest.mark.parametrize("body", [b"", b"junk" * 10, wire.encode(np.ones(99))[:-9]])
def test_bytes_that_are_no_array_are_refused(raw, path, body):
    meta = '{"include_interaction": true}'
    refused(raw.packed(path, body, meta), 400, "packed array")
    assert goes_on(raw)


def test_an_array_that_declares_too_much_is_refused_before_it_is_made(raw):
    packed = bytearray(wire.encode(np.zeros((1, 8, 8, 8), np.uint8)))
    place = packed.index((8).to_bytes(8, "little"))
    packed[place : place + 8] = (1 << 50).to_bytes(8, "little")
    refused(raw.packed("/set_image", bytes(packed)), 413, "at most")
    assert goes_on(raw)


def test_a_body_that_is_too_long_is_refused(raw):
    refused(raw.packed("/set_image", bytes(1 << 21)), 413, "at most")
    refused(raw.packed("/set_image", iter([bytes(1 << 20)] * 3)), 413, "at most")
    padded = {"coordinates": INSIDE, "include_interaction": True, "more": "x" * (1 << 17)}
    refused(raw.json("/add_point_interaction", **padded), 413, "at most")
    assert goes_on(raw)


@pytest.mark.parametrize(
    ("shape", "dtype", "status"),
    [
        ([40, 36], "uint8", 400),
        ([40, 36, 0], "uint8", 400),
        ([40, -36, 32], "uint8", 400),
        (SHAPE, "float32", 400),
        (SHAPE, "object", 400),
        (SHAPE, "x" * 100, 400),
        ([1 << 30, 1 << 30, 1 << 30], "uint8", 413),
        ([1 << 7, 1 << 7, 1 << 7], "uint8", 413),
    ],
)
def test_a_buffer_that_cannot_be_is_refused(raw, shape, dtype, status):
    refused(raw.json("/set_target_buffer", shape=shape, dtype=dtype), status)
    assert goes_on(raw)


def test_prompts_need_an_image_and_a_buffer(fresh, ball):
    point = {"coordinates": INSIDE, "include_interaction": True}
    refused(fresh.json("/add_point_interaction", **point), 400, "/set_image first")
    fresh.array("/set_image", ball[0])
    refused(fresh.json("/add_point_interaction", **point), 400, "/set_target_buffer first")
    refused(fresh.json("/undo"), 400, "/set_target_buffer first")
    refused(fresh.json("/predict"), 400, "/set_target_buffer first")
    fresh.json("/set_target_buffer", shape=SHAPE, dtype="uint8")
    assert goes_on(fresh)


@pytest.mark.parametrize("run_prediction", [True, False])
@pytest.mark.parametrize(
    ("path", "body", "word"),
    [
        ("point", {"coordinates": [40, 0, 0]}, "inside the volume"),
        ("point", {"coordinates": [-1, 0, 0]}, "inside the volume"),
        ("point", {"coordinates": [1, 2]}, "coordinates"),
        ("point", {"coordinates": "here"}, "coordinates"),
        ("point", {}, "coordinates"),
        ("bbox", {"bbox_coords": [[5, 5], [0, 9], [0, 9]]}, "start < stop"),
        ("bbox", {"bbox_coords": [[50, 55], [0, 9], [0, 9]]}, "meet the volume"),
        ("bbox", {"bbox_coords": [[5, 9], [0, 9]]}, "bbox_coords"),
        ("bbox", {"bbox_coords": [[5.5, 9], [0, 9], [0, 9]]}, "bbox_coords"),
        ("bbox", {"bbox_coords": [[-(10**30), 10**30], [0, 9], [0, 9]]}, "bbox_coords"),
    ],
)
def test_a_prompt_that_cannot_be_is_refused_at_once(raw, path, body, word, run_prediction):
    sent = {"include_interaction": True, "run_prediction": run_prediction, **body}
    refused(raw.json(f"/add_{path}_interaction", **sent), 400, word)
    assert json.loads(raw.json("/predict").headers["X-Meta"])["ran_prediction"] is False
    assert goes_on(raw)


def test_a_prompt_must_say_its_sign(raw):
    answer = raw.json("/add_point_interaction", coordinates=INSIDE)
    refused(answer, 400, "include_interaction")


@pytest.mark.parametrize("waits", [True, False])
def test_a_click_on_the_opposite_click_is_refused(raw, waits):
    sent = {"coordinates": INSIDE, "include_interaction": True, "run_prediction": not waits}
    raw.json("/add_point_interaction", **sent)
    answer = raw.json("/add_point_interaction", coordinates=INSIDE, include_interaction=False)
    refused(answer, 400, "one way only")


DRAWN = np.ones((4, 4, 1), np.uint8)


@pytest.mark.parametrize(
    ("kind", "drawn", "bbox", "word"),
    [
        ("scribble", DRAWN, None, "shape"),
        ("scribble", DRAWN, [[0, 4], [0, 4], [0, 2]], "shape"),
        ("scribble", DRAWN, [[4, 0], [0, 4], [0, 1]], "shape"),
        ("scribble", DRAWN, [[0, 4], [0, 4]], "interaction_bbox"),
        ("scribble", DRAWN, [[38, 42], [0, 4], [0, 1]], "inside the volume"),
        ("scribble", 0 * DRAWN, [[0, 4], [0, 4], [0, 1]], "got 0"),
        ("lasso", DRAWN, None, "shape"),
        ("lasso", 0 * DRAWN, [[0, 4], [0, 4], [0, 1]], "got none"),
        ("lasso", np.ones((4, 4, 4), np.uint8), [[0, 4]] * 3, "4 x 4 x 4"),
        ("lasso", DRAWN, [[60, 64], [0, 4], [0, 1]], "inside the volume"),
    ],
)
def test_a_drawing_that_cannot_be_is_refused(raw, kind, drawn, bbox, word):
    path = f"/add_{kind}_interaction"
    refused(raw.array(path, drawn, include_interaction=True, interaction_bbox=bbox), 400, word)
    assert goes_on(raw)


def test_an_initial_segmentation_of_another_shape_is_refused_and_changes_nothing(raw):
    assert goes_on(raw)
    refused(raw.array("/add_initial_seg_interaction", DRAWN), 400, "the image's shape")
    assert json.loads(raw.json("/undo").headers["X-Meta"])["ran_prediction"] is True


class Clicks(RegionGrowing):
    """A model that takes clicks only."""

    spec = Spec("clicks", frozenset({"point"}), patch=(24, 24, 24))


def test_what_a_model_does_not_take_is_told_and_refused(serve, ball):
    with Raw(serve(model=Clicks()).url) as raw:
        told = raw.http.get("/capabilities").json()
        assert told["supported_interactions"] == {
            "points": True,
            "bbox2d": False,
            "bbox3d": False,
            "scribble": False,
            "lasso": False,
        }
        assert told["supports_initial_label"] is False
        raw.ready(ball[0])
        box = {"bbox_coords": [[0, 4]] * 3, "include_interaction": True}
        refused(raw.json("/add_bbox_interaction", **box), 400, "takes point, got a box")
        mask = np.ones(SHAPE, np.uint8)
        refused(raw.array("/add_initial_seg_interaction", mask), 400, "takes point, got a mask")
        assert goes_on(raw)


class Broken(RegionGrowing):
    """A model that fails."""

    def embed(self, view):
        raise RuntimeError("a secret of the model")


def test_a_failure_is_told_without_its_reasons(serve, ball):
    with Raw(serve(model=Broken()).url) as raw:
        raw.ready(ball[0])
        answer = raw.json("/add_point_interaction", coordinates=INSIDE, include_interaction=True)
        refused(answer, 500, "its log says why")
        assert raw.http.get("/healthz").json() == {"ok": True}


SESSION_CALLS = [
    "/heartbeat",
    "/set_image",
    "/set_target_buffer",
    "/set_do_autozoom",
    "/reset_interactions",
    "/add_point_interaction",
    "/add_bbox_interaction",
    "/add_scribble_interaction",
    "/add_lasso_interaction",
    "/add_initial_seg_interaction",
    "/undo",
    "/predict",
]
BODIES = {
    "/set_target_buffer": {"shape": SHAPE, "dtype": "uint8"},
    "/set_do_autozoom": {"do_autozoom": True},
    "/add_point_interaction": {"coordinates": INSIDE, "include_interaction": True},
    "/add_bbox_interaction": {"bbox_coords": [[0, 4]] * 3, "include_interaction": True},
}


@pytest.mark.parametrize("token", [{}, {"X-Lease-Token": "never given"}], ids=["none", "unknown"])
@pytest.mark.parametrize("path", SESSION_CALLS)
def test_without_a_lease_nothing_is_done(mounted, path, token):
    headers = {**token, "X-Meta": '{"include_interaction": true}'}
    answer = httpx.post(mounted.url + path, json=BODIES.get(path, {}), headers=headers)
    refused(answer, 410, "claim a new one")


def test_without_a_lease_there_is_no_status_and_a_release_is_no_error(mounted):
    refused(httpx.get(f"{mounted.url}/lease_status"), 410, "claim a new one")
    assert httpx.post(f"{mounted.url}/release").json() == {"released": True}


@pytest.mark.parametrize("shown", ["", "Bearer", "Bearer wrong", "Basic secret", "Bearer s\u00e9"])
def test_without_the_key_nothing_is_told(serve, shown):
    served = serve("/nni", key="secret")
    headers = {"Authorization": shown.encode("utf-8")}
    for path in ("/capabilities", "/lease_status", "/openapi.json", "/nowhere"):
        refused(httpx.get(served.url + path, headers=headers), 401, "key")
    for path in ("/claim", "/release", *SESSION_CALLS):
        refused(httpx.post(served.url + path, headers=headers, content=b"x"), 401, "key")
    assert len(served.app.state.desk.leases) == 0
    with Raw(served.url, "secret") as raw:
        assert raw.http.post("/release").status_code == 200


def test_a_client_that_leaves_in_the_middle_of_a_body_leaves_no_trace(raw, mounted, ball):
    where = urlsplit(mounted.url)
    token = raw.http.headers["X-Lease-Token"]
    with socket.create_connection((where.hostname, where.port)) as half:
        half.sendall(
            f"POST {where.path}/set_image HTTP/1.1\r\nHost: x\r\nX-Lease-Token: {token}\r\n"
            "Content-Length: 500000\r\n\r\nNNIA".encode()
        )
    assert goes_on(raw)
