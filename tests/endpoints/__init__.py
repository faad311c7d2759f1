"""Endpoints that tests ask: a small one that misbehaves on demand, and a real scoring server."""
