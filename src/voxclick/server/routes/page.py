"""The viewer's page, and the door that turns a token into a cookie."""

from pathlib import Path
from urllib.parse import quote

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse, RedirectResponse
from starlette.exceptions import HTTPException

from voxclick.server.security import COOKIE, Keys

router = APIRouter()

STATIC = Path(__file__).parents[1] / "static"
MONTH_S = 30 * 86_400


@router.get("/", include_in_schema=False)
async def page(request: Request, token: str | None = None, session: str = "") -> Response:
    """The viewer; with the right token, a cookie first."""
    if token is None:
        return FileResponse(STATIC / "index.html")
    keys: Keys = request.app.state.keys
    if not keys.opens(token):
        raise HTTPException(401, "this is not the right token; open the address voxclick printed")
    browser = keys.browser(request.cookies.get(COOKIE, ""))
    response = RedirectResponse(f"./#{quote(session)}" if session else "./", 303)
    response.set_cookie(
        COOKIE,
        keys.cookie(browser),
        max_age=MONTH_S,
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )
    return response
