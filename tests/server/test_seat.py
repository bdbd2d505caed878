"""Verbs over HTTP and the socket, against a session in this process: the same, voxel for voxel."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from live_server import KEY, LiveServer
from phantoms import GRIDS
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus

import voxclick as vc
from voxclick.server.orientation import Orientation
from voxclick.types import Array, Json

CENTRE = (20.0, 18.0, 16.0)
CLICKS = [((20.0, 18.0, 16.0), True), ((33.0, 30.0, 27.0), False), ((25.0, 18.0, 16.0), True)]


def read(message: bytes) -> tuple[Json, Array]:
    """An update as the page reads it: header, and the labels `[x, y, z]` of its box."""
    size = int.from_bytes(message[:4], "little")
    header = json.loads(message[4 : 4 + size])
    start = -(-(4 + size) // 4) * 4
    values = np.frombuffer(message, header["dtype"], header["runs"], start)
    lengths = np.frombuffer(message, "<u4", header["runs"], -(-(start + values.nbytes) // 4) * 4)
    box = header["box"]
    x, y, z = (b - a for a, b in zip(box["start"], box["stop"], strict=True))
    return header, np.repeat(values, lengths).reshape(z, y, x).transpose(2, 1, 0)


def shown_labels(api: httpx.Client, state: Json) -> Array:
    header, inside = read(api.get(f"/sessions/{state['id']}/labels").content)
    labels = np.zeros(state["shape"], dtype=np.uint16)
    labels[tuple(map(slice, header["box"]["start"], header["box"]["stop"]))] = inside
    return labels


def click(at: Any, positive: bool = True, **more: Any) -> Json:
    return {"kind": "point", "at": list(at), "positive": positive, **more}


def socket_of(server: LiveServer, session: str, **headers: str) -> Any:
    headers.setdefault("Authorization", f"Bearer {KEY}")
    url = f"ws://127.0.0.1:{server.port}/api/v1/sessions/{session}/events"
    return connect(url, additional_headers=headers)


async def until_idle(socket: ClientConnection) -> tuple[list[Json], list[bytes]]:
    """Every message until the session has worked and rests."""
    told: list[Json] = []
    updates: list[bytes] = []
    while not (told and told[-1].get("state", {}).get("busy") is False and updates):
        message = await asyncio.wait_for(socket.recv(), 30)
        if isinstance(message, bytes):
            updates.append(message)
        else:
            told.append(json.loads(message))
    return told, updates


@pytest.mark.parametrize("name", GRIDS)
def test_clicks_on_the_page_give_the_masks_of_a_session_here(
    api: httpx.Client, opened: Callable[..., Json], balls: dict[str, Path], name: str
) -> None:
    state = opened(api, name)
    here = vc.Session(balls[name], device="cpu")
    orientation = Orientation.of(here.grid)
    for at, positive in CLICKS:
        shown = orientation.shown_prompt(vc.Point(at, positive))
        answer = api.post(
            f"/sessions/{state['id']}/prompts",
            json={**shown, "space": "view"},
            params={"wait": True},
        )
        assert answer.status_code == 200, answer.text
        change = here.add(vc.Point(at, positive))
        assert answer.json()["notes"] == list(change.notes)
        assert np.array_equal(shown_labels(api, state), orientation.turned(here.mask().array))
    progress = answer.json()["state"]
    assert progress["objects"][0]["voxels"] == here.mask().voxels
    assert progress["objects"][0]["volume_ml"] == pytest.approx(here.mask().volume_ml)
    assert [one["at"] for one in progress["objects"][0]["prompts"]] == [
        orientation.shown_prompt(vc.Point(at))["at"] for at, _ in CLICKS
    ]


def test_undo_redo_and_removal_are_those_of_the_session(
    api: httpx.Client, opened: Callable[..., Json], balls: dict[str, Path]
) -> None:
    state = opened(api, "permuted")
    url = f"/sessions/{state['id']}"
    here = vc.Session(balls["permuted"], device="cpu")
    orientation = Orientation.of(here.grid)

    def same() -> None:
        assert np.array_equal(shown_labels(api, state), orientation.turned(here.labelmap().array))

    for at, positive in CLICKS:
        api.post(f"{url}/prompts", json=click(at, positive), params={"wait": True})
        here.add(vc.Point(at, positive))
    for verb, step in (("undo", here.undo), ("undo", here.undo), ("redo", here.redo)):
        answer = api.post(f"{url}/{verb}", json={"object": None}).json()
        step()
        same()
    assert (answer["state"]["can_undo"], answer["state"]["can_redo"]) == (True, True)
    answer = api.delete(f"{url}/objects/1/prompts/0").json()
    here.remove(0)
    same()
    assert answer["state"]["can_redo"] is False
    assert "nothing to redo" in api.post(f"{url}/redo").json()["notes"][0]
    assert api.delete(f"{url}/objects/1/prompts/9").status_code == 404


@pytest.mark.parametrize("name", GRIDS)
def test_what_is_suggested_is_where_the_session_would_look(
    api: httpx.Client, opened: Callable[..., Json], balls: dict[str, Path], name: str
) -> None:
    url = f"/sessions/{opened(api, name)['id']}"
    here = vc.Session(balls[name], device="cpu")
    orientation = Orientation.of(here.grid)
    api.post(f"{url}/prompts", json=click(CENTRE), params={"wait": True})
    here.add(vc.Point(CENTRE))
    before = api.get(url).json()
    shown: Json = {}
    native, seen = [], []
    for _ in range(4):
        found = here.suggest(seen=native)
        shown = api.get(
            f"{url}/objects/1/suggestion", params={"seen": seen, "space": "view"}
        ).json()
        assert found is not None
        assert shown == orientation.shown_suggestion(found)
        native.append(found.at)
        seen.append(",".join(map(str, shown["at"])))
    by_file = {"seen": [",".join(map(str, at)) for at in native[:-1]]}
    assert api.get(f"{url}/objects/1/suggestion", params=by_file).json() == shown
    assert api.get(url).json() == before


def test_a_suggestion_that_cannot_be_given_is_null_or_said_to_be_wrong(
    api: httpx.Client, opened: Callable[..., Json]
) -> None:
    url = f"/sessions/{opened(api, 'flipped')['id']}"
    api.post(f"{url}/objects", json={})
    empty = api.get(f"{url}/objects/1/suggestion")
    assert (empty.status_code, empty.json()) == (200, None)
    api.patch(f"{url}/objects/1", json={"locked": True})
    assert api.get(f"{url}/objects/1/suggestion").status_code == 200
    outside = api.get(f"{url}/objects/1/suggestion", params={"seen": "40,0,0"})
    assert outside.status_code == 422
    assert "volume" in outside.json()["detail"]
    for wrong in ("1,2", "a,b,c", "1,2,3,4", "nan,0,0"):
        refused = api.get(f"{url}/objects/1/suggestion", params={"seen": wrong})
        assert refused.status_code == 422
        assert "seen" in refused.json()["detail"]
    unknown = api.get(f"{url}/objects/9/suggestion")
    assert unknown.status_code == 404
    assert "must be one of 1" in unknown.json()["detail"]


def test_a_suggestion_takes_its_turn_and_the_page_is_told(
    server: LiveServer, api: httpx.Client, opened: Callable[..., Json]
) -> None:
    state = opened(api)
    url = f"/sessions/{state['id']}"
    api.post(f"{url}/prompts", json=click(CENTRE), params={"wait": True})

    async def watched() -> list[Any]:
        async with socket_of(server, state["id"]) as socket:
            await socket.recv()
            await asyncio.to_thread(api.get, f"{url}/objects/1/suggestion")
            return [json.loads(await asyncio.wait_for(socket.recv(), 30)) for _ in range(2)]

    begun, ended = asyncio.run(watched())
    assert (begun["busy"], begun["what"]) == (True, "suggesting")
    assert ended == {"type": "busy", "busy": False}


def test_objects_are_opened_named_coloured_locked_and_dropped(
    api: httpx.Client, opened: Callable[..., Json]
) -> None:
    url = f"/sessions/{opened(api)['id']}"
    first = api.post(f"{url}/objects", json={"name": "liver"}).json()
    second = api.post(f"{url}/objects", json={}).json()
    assert (first["label"], second["label"], second["name"]) == (1, 2, "object_2")
    assert first["colour"] != second["colour"]
    assert api.get(url).json()["current"] == 2
    change = {"name": "spleen", "colour": "#00ff7f", "locked": True, "visible": False}
    changed = api.patch(f"{url}/objects/2", json=change).json()
    assert {key: changed[key] for key in change} == change
    for answer in (
        api.post(f"{url}/prompts", json=click(CENTRE)),
        api.post(f"{url}/prompts", json=click(CENTRE, object=2)),
        api.post(f"{url}/undo", json={"object": 2}),
        api.delete(f"{url}/objects/2"),
    ):
        assert answer.status_code == 409
        assert "locked" in answer.json()["detail"]
    assert api.patch(f"{url}/objects/1", json={"current": True}).json()["label"] == 1
    answer = api.post(f"{url}/prompts", json=click(CENTRE)).json()
    assert answer["object"] == 1
    assert api.patch(f"{url}/objects/1", json={"name": "spleen"}).status_code == 400
    assert api.patch(f"{url}/objects/9", json={"name": "x"}).status_code == 404
    dropped = api.delete(f"{url}/objects/1").json()
    assert dropped["object"] == 1
    assert [one["name"] for one in dropped["state"]["objects"]] == ["spleen"]


@pytest.mark.parametrize("name", ["oblique", "flipped"])
def test_what_is_exported_is_the_mask_on_the_files_own_grid(
    api: httpx.Client,
    opened: Callable[..., Json],
    balls: dict[str, Path],
    tmp_path: Path,
    name: str,
) -> None:
    url = f"/sessions/{opened(api, name)['id']}"
    api.post(f"{url}/prompts", json=click(CENTRE), params={"wait": True})
    here = vc.Session(balls[name], device="cpu")
    here.add(vc.Point(CENTRE))
    for kind in ("nii.gz", "nrrd", "seg.nrrd", "mha"):
        for which in ({}, {"object": 1}):
            answer = api.get(f"{url}/export", params={"format": kind, **which})
            assert answer.headers["content-disposition"].startswith("attachment")
            path = tmp_path / f"mask.{kind}"
            path.write_bytes(answer.content)
            mask = vc.read_mask(path)
            assert np.array_equal(mask.array, here.mask().array)
            assert mask.grid.matches(here.grid)
    log = vc.PromptLog.from_json(api.get(f"{url}/export", params={"format": "json"}).json())
    assert np.array_equal(vc.replay(here.volume, log, device="cpu").mask().array, here.mask().array)
    refused = api.get(f"{url}/export", params={"format": "seg.dcm"})
    assert refused.status_code == 400
    assert "DICOM" in refused.json()["detail"]
    assert api.get(f"{url}/export", params={"format": "nrrd", "object": 7}).status_code == 404
    assert api.get(f"{url}/export", params={"format": "exe"}).status_code == 422


def test_the_volume_arrives_in_the_pages_order(
    api: httpx.Client, opened: Callable[..., Json], balls: dict[str, Path]
) -> None:
    state = opened(api, "flipped")
    volume = vc.read(balls["flipped"])
    for step in (1, 2):
        answer = api.get(f"/sessions/{state['id']}/volume", params={"step": step})
        assert "content-encoding" not in answer.headers
        x, y, z = map(int, answer.headers["x-shape"].split(","))
        stored = np.frombuffer(answer.content, "<i2").reshape(z, y, x).transpose(2, 1, 0)
        scale = state["scale"]
        shown = Orientation.of(volume.grid).turned(volume.array)[::step, ::step, ::step]
        off = stored * scale["slope"] + scale["intercept"] - shown
        assert np.abs(off).max() <= scale["slope"] * 0.51


def test_the_socket_brings_every_new_label(
    server: LiveServer, api: httpx.Client, opened: Callable[..., Json]
) -> None:
    state = opened(api, "flipped")
    url = f"/sessions/{state['id']}"

    async def watched() -> tuple[list[Json], list[bytes]]:
        async with socket_of(server, state["id"]) as socket:
            first = json.loads(await socket.recv())
            assert first["state"]["objects"] == []
            await asyncio.to_thread(api.post, f"{url}/prompts", json=click(CENTRE))
            return await until_idle(socket)

    told, updates = asyncio.run(watched())
    assert {"type": "busy", "busy": True, "what": "predicting", "waiting": 0} in told
    assert {"type": "busy", "busy": False} in told
    labels = np.zeros(state["shape"], dtype=np.uint16)
    for header, inside in map(read, updates):
        labels[tuple(map(slice, header["box"]["start"], header["box"]["stop"]))] = inside
    assert labels.any()
    assert np.array_equal(labels, shown_labels(api, state))


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Authorization": "Bearer no"}, 401),
        ({"Origin": "http://evil.example"}, 403),
        ({"Host": "evil.example"}, 403),
    ],
)
def test_a_strangers_socket_is_refused(
    server: LiveServer,
    api: httpx.Client,
    opened: Callable[..., Json],
    headers: dict[str, str],
    status: int,
) -> None:
    session = opened(api)["id"]

    async def knock(name: str, given: dict[str, str]) -> int:
        with pytest.raises(InvalidStatus) as refused:
            async with socket_of(server, name, **given):
                pass
        return refused.value.response.status_code

    if "Host" not in headers:
        assert asyncio.run(knock(session, headers)) == status
    assert asyncio.run(knock("A" * 22, {})) == 404


def test_a_socket_that_breaks_off_does_no_harm(
    server: LiveServer, api: httpx.Client, opened: Callable[..., Json]
) -> None:
    session = opened(api)["id"]

    async def break_off() -> None:
        socket = await socket_of(server, session)
        await socket.recv()
        socket.transport.abort()

    for _ in range(5):
        asyncio.run(break_off())
    answer = api.post(f"/sessions/{session}/prompts", json=click(CENTRE))
    assert answer.status_code == 200


def test_the_model_can_be_changed_and_the_prompts_stay(
    api: httpx.Client, opened: Callable[..., Json], balls: dict[str, Path]
) -> None:
    state = opened(api, "straight")
    url = f"/sessions/{state['id']}"
    api.post(f"{url}/prompts", json=click(CENTRE), params={"wait": True})
    here = vc.Session(balls["straight"], "geodesic", device="cpu")
    here.add(vc.Point(CENTRE))
    expected = Orientation.of(here.grid).turned(here.labelmap().array)
    changed = api.put(f"{url}/model", json={"name": "geodesic"}).json()
    assert changed["model"] == "geodesic"
    assert len(changed["objects"][0]["prompts"]) == 1
    assert np.array_equal(shown_labels(api, state), expected)
    assert api.put(f"{url}/model", json={"name": "nonesuch"}).status_code == 404


def test_many_prompts_at_once_are_all_taken_one_after_the_other(
    api: httpx.Client, opened: Callable[..., Json]
) -> None:
    state = opened(api)
    url = f"/sessions/{state['id']}/prompts"

    async def all_at_once() -> list[int]:
        async with httpx.AsyncClient(
            base_url=api.base_url, headers=api.headers, timeout=60
        ) as many:
            asked = [many.post(url, json=click((14 + n, 18, 16))) for n in range(8)]
            return [answer.status_code for answer in await asyncio.gather(*asked)]

    assert asyncio.run(all_at_once()) == [200] * 8
    objects = api.get(f"/sessions/{state['id']}").json()["objects"]
    assert [len(one["prompts"]) for one in objects] == [8]
