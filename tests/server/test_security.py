"""Strangers, foreign pages, lying bodies: the right status, one sentence, and the server lives."""

import http.client
import socket
from collections.abc import Callable
from contextlib import closing

import httpx
import pytest
from live_server import KEY, LiveServer

from voxclick.types import Json


def assert_one_sentence(answer: httpx.Response, status: int) -> None:
    assert answer.status_code == status, answer.text
    told = answer.json()["detail"]
    assert told
    assert "\n" not in told
    assert "Traceback" not in told


def assert_alive(server: LiveServer) -> None:
    assert httpx.get(f"{server.address}/api/v1/health").json()["ok"] is True


@pytest.mark.parametrize("key", [None, "wrong", KEY + "x", "a" * 1000])
def test_without_the_right_key_nothing_is_told(server: LiveServer, key: str | None) -> None:
    with server.client(key) as stranger:
        for path in ("/sessions", "/models", "/openapi.json", "/sessions/abc/volume", "/nothing"):
            assert_one_sentence(stranger.get(path), 401)


def test_the_key_is_checked_whatever_its_letters(server: LiveServer) -> None:
    for value in ("Bearer x", "x", f"Basic {KEY}", "Bearer \u00e9".encode(), b"\xff\xfe"):
        answer = httpx.get(f"{server.address}/api/v1/sessions", headers={"Authorization": value})
        assert_one_sentence(answer, 401)
    answer = httpx.get(
        f"{server.address}/api/v1/sessions", headers={"Cookie": 'voxclick="a;=,,\\"'}
    )
    assert_one_sentence(answer, 401)


def test_the_token_becomes_a_cookie_that_scripts_cannot_read(server: LiveServer) -> None:
    with httpx.Client(base_url=server.address) as browser:
        answer = browser.get("/", params={"token": KEY, "session": "abc"})
        assert answer.status_code == 303
        assert answer.headers["location"] == "./#abc"
        cookie = answer.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "samesite=strict" in cookie.lower()
        assert KEY not in cookie
        assert browser.get("/api/v1/sessions").status_code == 200
        name, _, signed = browser.cookies["voxclick"].partition(".")
        forged = {"Cookie": f"voxclick={chr(48) * len(name)}.{signed}"}
        assert_one_sentence(httpx.get(f"{server.address}/api/v1/sessions", headers=forged), 401)


def test_a_wrong_token_makes_no_cookie(server: LiveServer) -> None:
    answer = httpx.get(server.address, params={"token": "wrong"})
    assert_one_sentence(answer, 401)
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Host": "evil.example"},
        {"Host": "evil.example:1527"},
        {"Host": "127.0.0.1.evil.example"},
        {"Host": ""},
        {"Host": "192.168.1.1"},
    ],
    ids=str,
)
@pytest.mark.parametrize("path", ["/", "/api/v1/sessions", "/api/v1/health", "/nni/healthz"])
def test_foreign_pages_and_names_are_refused(
    server: LiveServer, headers: dict[str, str], path: str
) -> None:
    headers = {"Authorization": f"Bearer {KEY}", **headers}
    assert_one_sentence(httpx.get(server.address + path, headers=headers), 403)


def test_its_own_page_is_let_in_by_every_name_of_the_machine(server: LiveServer) -> None:
    for host in ("127.0.0.1", "localhost", "[::1]"):
        headers = {
            "Authorization": f"Bearer {KEY}",
            "Host": f"{host}:{server.port}",
            "Origin": f"http://{host}:{server.port}",
        }
        answer = httpx.get(f"{server.address}/api/v1/sessions", headers=headers)
        assert answer.status_code == 200


def test_every_answer_keeps_the_browser_careful(server: LiveServer) -> None:
    for path in ("/", "/app.js", "/api/v1/health", "/api/v1/sessions", "/no/such/page"):
        headers = httpx.get(server.address + path).headers
        assert "default-src 'self'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"


@pytest.mark.parametrize(
    "path", ["/..%2f..%2fapp.py", "/%2e%2e/app.py", "/static/../../app.py", "/%00", "/app.js/.."]
)
def test_no_file_beside_the_viewer_is_served(server: LiveServer, path: str) -> None:
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)) as connection:
        connection.request("GET", path)
        answer = connection.getresponse()
        assert answer.status in (400, 404, 405)
        assert b"import" not in answer.read()
    assert_alive(server)


@pytest.mark.parametrize(
    "source",
    [
        "/etc/passwd",
        "../../etc/passwd",
        "upload:../../sessions",
        "upload:",
        "sample/../x",
        "\0",
        ".",
    ],
)
def test_only_what_was_opened_is_read(api: httpx.Client, source: str) -> None:
    answer = api.post("/sessions", json={"source": source})
    assert_one_sentence(answer, 404 if source.startswith("upload") else 403)


def test_a_body_that_declares_too_much_is_refused_before_it_comes(server: LiveServer) -> None:
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)) as connection:
        connection.putrequest("POST", "/api/v1/sessions")
        connection.putheader("Authorization", f"Bearer {KEY}")
        connection.putheader("Content-Length", str(10**12))
        connection.endheaders()
        with connection.getresponse() as answer:
            assert answer.status == 413
    assert_alive(server)


def test_a_body_without_a_length_is_cut_off_at_the_bound(server: LiveServer) -> None:
    def endless() -> object:
        for _ in range(40):
            yield b" " * (1 << 20)

    with server.client() as api:
        try:
            answer = api.post("/sessions", content=endless())
        except httpx.TransportError:  # it hung up in the middle: that is well, too
            pass
        else:
            assert_one_sentence(answer, 413)
    assert_alive(server)


def test_an_upload_that_ends_early_leaves_nothing(server: LiveServer, api: httpx.Client) -> None:
    upload = api.post("/uploads", json={"name": "x"}).json()["upload"]
    with socket.create_connection(("127.0.0.1", server.port)) as half:
        head = (
            f"PUT /api/v1/uploads/{upload}/a.nii.gz HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            f"Authorization: Bearer {KEY}\r\nContent-Length: 1000\r\n\r\nonly this"
        )
        half.sendall(head.encode())
        half.shutdown(socket.SHUT_WR)
        half.settimeout(10)
        half.recv(1000)
    assert_one_sentence(api.post("/sessions", json={"source": f"upload:{upload}"}), 400)
    assert_alive(server)


@pytest.mark.parametrize("name", ["..", ".hidden", "%2e%2e", "a%00b", "..%5cwindows", "%20" * 300])
def test_a_file_name_is_never_a_path(api: httpx.Client, name: str) -> None:
    upload = api.post("/uploads", json={"name": "x"}).json()["upload"]
    answer = api.put(f"/uploads/{upload}/{name}", content=b"x")
    assert answer.status_code in (400, 404, 405)


def test_a_header_that_points_to_another_file_is_refused(api: httpx.Client) -> None:
    mha = (
        "ObjectType = Image\nNDims = 3\nDimSize = 2 2 2\nElementType = MET_UCHAR\n"
        "ElementSpacing = 1 1 1\nElementDataFile = /etc/passwd\n"
    )
    nrrd = (
        "NRRD0004\ntype: uint8\ndimension: 3\nsizes: 2 2 2\n"
        "encoding: raw\ndata file: /etc/passwd\n\n"
    )
    for name, text in (("a.mha", mha), ("a.nrrd", nrrd), ("a.mhd", mha), ("a.nhdr", nrrd)):
        upload = api.post("/uploads", json={"name": name}).json()["upload"]
        api.put(f"/uploads/{upload}/{name}", content=text.encode())
        answer = api.post("/sessions", json={"source": f"upload:{upload}"})
        assert_one_sentence(answer, 400)
        assert "root:" not in answer.text


def test_what_is_no_image_is_said_in_words_without_the_servers_folders(
    server: LiveServer, api: httpx.Client
) -> None:
    for name in ("a.nii.gz", "a.nii", "a.nrrd", "a.mha", "a.npz", "a.zip", "a.dcm", "a.txt", "a"):
        upload = api.post("/uploads", json={"name": name}).json()["upload"]
        api.put(f"/uploads/{upload}/{name}", content=b"this is no image")
        answer = api.post("/sessions", json={"source": f"upload:{upload}"})
        assert answer.status_code in (400, 404)
        assert_one_sentence(answer, answer.status_code)
        assert str(server.settings.state_dir) not in answer.text


BAD_PROMPTS = {
    "outside": {"kind": "point", "at": [500, 0, 0], "space": "view"},
    "two numbers": {"kind": "point", "at": [1, 2]},
    "no number": {"kind": "point", "at": ["a", 2, 3]},
    "huge number": {"kind": "point", "at": [1e300, 2, 3]},
    "unknown kind": {"kind": "wish", "at": [1, 2, 3]},
    "no kind": {"at": [1, 2, 3]},
    "unknown field": {"kind": "point", "at": [1, 2, 3], "colour": "red"},
    "unknown space": {"kind": "point", "at": [1, 2, 3], "space": "mars"},
    "empty box": {"kind": "box", "start": [5, 5, 5], "stop": [5, 5, 5]},
    "empty scribble": {"kind": "scribble", "points": []},
    "thin lasso": {"kind": "lasso", "vertices": [[1, 1, 1], [2, 2, 1]]},
    "steep lasso": {"kind": "lasso", "vertices": [[1, 1, 1], [9, 2, 1], [5, 5, 8]]},
    "mask of another shape": {"kind": "mask", "shape": [2, 2, 2], "first": True, "runs": [8]},
    "mask that is too short": {"kind": "mask", "shape": [40, 36, 32], "first": True, "runs": [8]},
    "mask of a giant": {"kind": "mask", "shape": [10**6] * 3, "first": True, "runs": [10**18]},
}


@pytest.mark.parametrize("case", BAD_PROMPTS)
def test_a_bad_prompt_is_refused_and_changes_nothing(
    api: httpx.Client, opened: Callable[..., Json], case: str
) -> None:
    state = opened(api)
    answer = api.post(f"/sessions/{state['id']}/prompts", json=BAD_PROMPTS[case])
    assert_one_sentence(answer, 422)
    assert api.get(f"/sessions/{state['id']}").json()["objects"] in ([], state["objects"])
    assert api.delete(f"/sessions/{state['id']}").status_code == 204


def test_what_is_no_json_is_refused(api: httpx.Client) -> None:
    headers = {"Content-Type": "application/json"}
    for body in (b"{", b"[" * 100_000, b"\xff\xfe", b"NaN", b""):
        answer = api.post("/sessions", content=body, headers=headers)
        assert answer.status_code in (400, 422)
        assert_one_sentence(answer, answer.status_code)


def test_an_unknown_session_is_unknown_and_a_deleted_one_is_gone(
    api: httpx.Client, opened: Callable[..., Json]
) -> None:
    for name in ("abc", "A" * 22, "..", "%2e%2e%2fsecret"):
        assert api.get(f"/sessions/{name}/labels").status_code in (404, 405)
    session = opened(api)["id"]
    assert api.delete(f"/sessions/{session}").status_code == 204
    assert_one_sentence(api.get(f"/sessions/{session}"), 410)
    assert_one_sentence(api.delete(f"/sessions/{session}"), 410)
