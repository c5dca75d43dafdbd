"""Tokens of clients, and keys of those who sign them and of pushers."""

import base64
import hashlib
import hmac
import json
import secrets
import subprocess
import time

from harness import WAYBILL

SECRET = "a secret of a test, 32 bytes or more"

RS256 = ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"]
ES256 = ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"]


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


def run(*arguments):
    """Runs a command of Waybill and returns what it prints."""
    return subprocess.run([WAYBILL, *arguments], check=True, capture_output=True,
                          text=True).stdout.strip()


def make_pair(folder, *options):
    """Makes a key and returns the files of its private and its public part."""
    name = secrets.token_hex(4)
    private, public = folder / f"{name}.key", folder / f"{name}.pub"
    subprocess.run(["openssl", "genpkey", *options, "-out", private], check=True,
                   capture_output=True)
    subprocess.run(["openssl", "pkey", "-in", private, "-pubout", "-out", public], check=True)
    return private, public


def make_key(path, name, *options):
    """Adds the key of a pusher to a file and returns it."""
    return run("key", "create", name, "--file", path, *options)
