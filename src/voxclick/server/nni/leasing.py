"""Endpoints about the server and its leases."""

import asyncio

from fastapi import APIRouter

from voxclick.server.nni.asked import AtDesk, Heard, Held, Token
from voxclick.server.nni.capabilities import capabilities
from voxclick.server.nni.schemas import Claimed, Remaining, Status
from voxclick.types import Json

router = APIRouter()


@router.get("/healthz")
async def healthz() -> dict[str, bool]:
    """Say that the server is there."""
    return {"ok": True}


@router.get("/capabilities")
async def tell_capabilities(desk: AtDesk) -> Json:
    """Say what the model can do."""
    segmenter = await asyncio.to_thread(desk.model)
    return capabilities(segmenter.spec)


@router.post("/claim")
async def claim(desk: AtDesk) -> Claimed:
    """Give a new lease."""
    lease, lifetimes = desk.claim(), desk.leases.lifetimes
    return Claimed(
        lease_token=lease.token,
        idle_timeout_seconds=lifetimes.idle_s,
        liveness_timeout_seconds=lifetimes.liveness_s,
        max_sessions=desk.leases.most,
    )


@router.post("/heartbeat")
async def heartbeat(desk: AtDesk, lease: Heard) -> Remaining:
    """Keep a lease from ending because its client seems gone."""
    return Remaining(remaining_seconds=desk.leases.remaining_s(lease))


@router.get("/lease_status")
async def lease_status(desk: AtDesk, lease: Held) -> Status:
    """Say how long a lease still holds, and change nothing."""
    return Status(
        remaining_seconds=desk.leases.remaining_s(lease),
        idle_timeout_seconds=desk.leases.lifetimes.idle_s,
    )


@router.post("/release")
async def release(desk: AtDesk, token: Token = None) -> dict[str, bool]:
    """End a lease and free what it held; one that has ended already is no error."""
    desk.leases.release(token)
    return {"released": True}
