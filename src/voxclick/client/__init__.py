"""The session's verbs over HTTP, for programs on machines without PyTorch."""

from voxclick.client.server import Server, connect
from voxclick.client.session import RemoteChange, RemoteSession

__all__ = ["RemoteChange", "RemoteSession", "Server", "connect"]
