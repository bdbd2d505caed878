"""Sessions come back: after a reload, a restart, an idle hour; and go for good when they should."""

import time
from collections.abc import Callable
from pathlib import Path

import httpx
from dicom_phantoms import ramp, shorten, write_series
from live_server import KEY, live
from phantoms import GRIDS

from voxclick.server.settings import Limits
from voxclick.types import Json

CENTRE = (20.0, 18.0, 16.0)


def click(*at: float) -> Json:
    return {"kind": "point", "at": at, "positive": True}


def settled(api: httpx.Client, session: str) -> Json:
    for _ in range(600):
        state: Json = api.get(f"/sessions/{session}").json()
        if not state["busy"]:
            return state
        time.sleep(0.05)
    raise AssertionError(state)


def labels(api: httpx.Client, session: str) -> bytes:
    """The labels without the header, which carries the revision."""
    message = api.get(f"/sessions/{session}/labels").content
    return message[4 + int.from_bytes(message[:4], "little") :]


def worked(api: httpx.Client, state: Json) -> None:
    """Two objects, three prompts, one of them undone, and one object locked and hidden."""
    url = f"/sessions/{state['id']}"
    api.post(f"{url}/prompts", json=click(20, 18, 16), params={"wait": True})
    api.post(f"{url}/objects", json={"name": "other"})
    api.post(f"{url}/prompts", json=click(3, 3, 3), params={"wait": True})
    api.post(f"{url}/prompts", json=click(30, 30, 30), params={"wait": True})
    api.post(f"{url}/undo", json={})
    api.patch(f"{url}/objects/1", json={"locked": True, "visible": False, "colour": "#123456"})


def test_a_session_survives_a_restart_of_the_server(
    tmp_path: Path, opened: Callable[..., Json]
) -> None:
    with live(tmp_path) as first, first.client() as api:
        state = opened(api, "oblique")
        worked(api, state)
        before, drawn = settled(api, state["id"]), labels(api, state["id"])
        cookie = httpx.get(first.address, params={"token": KEY}).cookies["voxclick"]
    with live(tmp_path) as second, second.client() as api:
        after = settled(api, state["id"])
        assert labels(api, state["id"]) == drawn
        assert after["revision"] >= before["revision"]
        for same in ("id", "name", "shape", "affine", "window", "current", "model"):
            assert after[same] == before[same]
        for was, now in zip(before["objects"], after["objects"], strict=True):
            assert now == {**was, "can_redo": False}
        address = f"{second.address}/api/v1/sessions/{state['id']}"
        assert httpx.get(address, headers={"Cookie": f"voxclick={cookie}"}).status_code == 200
        answer = api.post(f"/sessions/{state['id']}/undo", json={})
        assert answer.json()["state"]["objects"][1]["prompts"] == []


def test_a_session_that_is_still_being_replayed_takes_prompts_in_their_order(
    tmp_path: Path, opened: Callable[..., Json]
) -> None:
    with live(tmp_path) as first, first.client() as api:
        state = opened(api)
        url = f"/sessions/{state['id']}"
        for i in (18, 20, 22, 24):
            api.post(f"{url}/prompts", json=click(i, 18, 16), params={"wait": True})
    with live(tmp_path) as second, second.client() as api:
        answer = api.post(f"{url}/prompts", json=click(21, 20, 16), params={"wait": True})
        assert [p["at"][0] for p in answer.json()["state"]["objects"][0]["prompts"]] == [
            18, 20, 22, 24, 21,
        ]  # fmt: skip


def test_a_restart_in_the_middle_of_a_replay_loses_nothing(
    tmp_path: Path, opened: Callable[..., Json]
) -> None:
    with live(tmp_path) as first, first.client() as api:
        state = opened(api)
        worked(api, state)
        drawn = labels(api, state["id"])
    with live(tmp_path) as second, second.client() as api:
        api.get(f"/sessions/{state['id']}")
    with live(tmp_path) as third, third.client() as api:
        settled(api, state["id"])
        assert labels(api, state["id"]) == drawn


def test_when_the_memory_is_full_the_oldest_session_is_put_away_and_comes_back(
    tmp_path: Path, opened: Callable[..., Json]
) -> None:
    with live(tmp_path, max_sessions=1) as server, server.client() as api:
        first = opened(api)
        url = f"/sessions/{first['id']}"
        api.post(f"{url}/prompts", json=click(20, 18, 16), params={"wait": True})
        drawn = labels(api, first["id"])
        second = opened(api)
        assert api.get(f"/sessions/{second['id']}").status_code == 200
        settled(api, first["id"])
        assert labels(api, first["id"]) == drawn


def test_a_session_that_somebody_watches_is_not_put_away(
    tmp_path: Path, opened: Callable[..., Json], balls: dict[str, Path]
) -> None:
    from websockets.sync.client import connect

    with live(tmp_path, max_sessions=1) as server, server.client() as api:
        state = opened(api)
        address = f"ws://127.0.0.1:{server.port}/api/v1/sessions/{state['id']}/events"
        with connect(address, additional_headers={"Authorization": f"Bearer {KEY}"}) as socket:
            socket.recv()
            answer = api.post("/sessions", json={"source": "sample"})
            assert answer.status_code == 503
            assert "retry-after" in answer.headers
            assert "in use" in answer.json()["detail"]


def test_idle_sessions_leave_the_memory_and_forgotten_ones_the_disk(
    tmp_path: Path, opened: Callable[..., Json]
) -> None:
    with live(tmp_path, limits=Limits(idle_seconds=0.0)) as server, server.client() as api:
        session = opened(api)["id"]
        upload = api.post("/uploads", json={"name": "never opened"}).json()["upload"]
        time.sleep(0.05)
        server.run(server.app.state.desk.tidy())
        assert not (tmp_path / "uploads" / upload).exists()
        assert (tmp_path / "sessions" / session / "source").exists()
        assert api.get(f"/sessions/{session}").status_code == 200
    with live(tmp_path, limits=Limits(idle_seconds=0.0, kept_seconds=0.0)) as server:
        server.run(server.app.state.desk.tidy())
        assert not (tmp_path / "sessions" / session).exists()
        with server.client() as api:
            assert api.get(f"/sessions/{session}").status_code == 410


def test_what_was_uploaded_goes_with_its_session(
    tmp_path: Path, opened: Callable[..., Json]
) -> None:
    with live(tmp_path) as server, server.client() as api:
        session = opened(api)["id"]
        assert list((tmp_path / "sessions" / session / "source").iterdir())
        api.delete(f"/sessions/{session}")
        assert list((tmp_path / "sessions").iterdir()) == []
        assert list((tmp_path / "uploads").iterdir()) == []


def test_the_state_folder_is_for_its_user_alone(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    with live(folder):
        pass
    for path in (folder, folder / "sessions", folder / "uploads", folder / "secret"):
        assert path.stat().st_mode & 0o077 == 0


def test_each_browser_sees_its_own_sessions_and_those_opened_at_the_machine(
    tmp_path: Path, opened: Callable[..., Json]
) -> None:
    with live(tmp_path) as server, server.client() as api:
        opened(api)
        browsers = [httpx.Client(base_url=server.address) for _ in range(2)]
        for browser in browsers:
            browser.get("/", params={"token": KEY})
            browser.post("/api/v1/sessions", json={"source": "sample"})
        lists = [browser.get("/api/v1/sessions").json() for browser in browsers]
        assert [len(rows) for rows in lists] == [1, 1]
        assert lists[0] != lists[1]
        for browser in browsers:
            browser.close()


def test_a_path_that_the_user_opened_can_be_opened_and_no_other(
    tmp_path: Path, balls: dict[str, Path]
) -> None:
    mine, other = balls["straight"], balls["oblique"]
    with live(tmp_path, opened=(mine,)) as server, server.client() as api:
        state = api.post("/sessions", json={"source": str(mine)}).json()
        assert state["name"] == mine.name
        roundabout = f"{mine.parent}/../{mine.parent.name}/{mine.name}"
        for path in (str(other), str(mine.parent), roundabout):
            assert api.post("/sessions", json={"source": path}).status_code == 403
        api.delete(f"/sessions/{state['id']}")
        assert mine.exists()


def test_a_volume_that_is_gone_after_a_restart_is_said_to_be(
    tmp_path: Path, balls: dict[str, Path]
) -> None:
    copy = tmp_path / "ct.nii.gz"
    copy.write_bytes(balls["straight"].read_bytes())
    with live(tmp_path / "state", opened=(copy,)) as server, server.client() as api:
        session = api.post("/sessions", json={"source": str(copy)}).json()["id"]
    copy.unlink()
    with live(tmp_path / "state") as server, server.client() as api:
        answer = api.get(f"/sessions/{session}")
        assert answer.status_code == 404
        assert "ct.nii.gz" in answer.json()["detail"]


def test_a_broken_state_folder_is_an_error_of_its_session_alone(
    tmp_path: Path, opened: Callable[..., Json]
) -> None:
    with live(tmp_path) as server, server.client() as api:
        broken, sound = opened(api)["id"], opened(api)["id"]
    (tmp_path / "sessions" / broken / "session.json").write_text("{")
    with live(tmp_path) as server, server.client() as api:
        assert api.get(f"/sessions/{broken}").status_code == 400
        assert api.get(f"/sessions/{sound}").status_code == 200
        assert [row["id"] for row in api.get("/sessions").json()] == [sound]


def test_several_series_are_a_choice(tmp_path: Path) -> None:
    with live(tmp_path) as server, server.client() as api:
        upload = api.post("/uploads", json={"name": "cd"}).json()["upload"]
        folder, uids = tmp_path / "cd", ("1.2.826.1", "1.2.826.3")
        for uid in uids:
            grid = shorten(GRIDS["straight"])
            write_series(folder / uid, ramp(grid), grid, uid=uid)
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                name = f"{path.parent.name}_{path.name}"
                api.put(f"/uploads/{upload}/{name}", content=path.read_bytes())
        answer = api.post("/sessions", json={"source": f"upload:{upload}"})
        assert answer.status_code == 409
        assert {row["uid"] for row in answer.json()["series"]} == set(uids)
        chosen = {"source": f"upload:{upload}", "series": answer.json()["series"][0]["uid"]}
        assert api.post("/sessions", json=chosen).status_code == 201
