"""Tokens of clients, made here rather than by Waybill."""

import base64
import hashlib
import hmac
import json
import time

SECRET = "a secret of a test, 32 bytes or more"


def encode(data):
    """Encodes bytes as a part of a token (RFC 7515, section 2)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def sign(header, claims, secret=SECRET):
    """Returns a token with this header and these claims, dicts or JSON texts, signed by
    HMAC with SHA-256."""
    parts = [part if isinstance(part, str) else json.dumps(part) for part in (header, claims)]
    text = ".".join(encode(part.encode()) for part in parts)
    return text + "." + encode(hmac.digest(secret.encode(), text.encode(), hashlib.sha256))


def token(sub, secret=SECRET, lifetime=60, **claims):
    """Returns a token for an id, valid for so many seconds."""
    claims = {"sub": sub, "exp": int(time.time() + lifetime), **claims}
    return sign({"alg": "HS256", "typ": "JWT"}, claims, secret)


def bearer(text):
    """Returns the header fields that carry a token or a key."""
    return {"Authorization": f"Bearer {text}"}
