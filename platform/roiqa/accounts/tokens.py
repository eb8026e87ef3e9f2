"""Secrets that are shown once: random, 256 bits, stored as SHA-256 (no salt needed at that entropy)."""

import hashlib
import secrets


def new_secret() -> str:
    return secrets.token_urlsafe(32)


def digest_of(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
