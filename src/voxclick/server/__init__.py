"""One machine for many users: sessions over HTTP, the viewer, and others' clients."""
