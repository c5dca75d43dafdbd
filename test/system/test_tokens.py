"""With `--auth jwt` only those come in who have a token for their id."""

import json
import signal
import subprocess
import time

import pytest
import websockets

from clients import assert_reachable, close_of, get, join, joined, push, receive
from harness import WAYBILL
from tokens import (ES256, RS256, SECRET, bearer, encode, make_pair, run, sign, token)

OLD_SECRET = "the secret of yesterday, 32 bytes or more"


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    """A file with two secrets."""
    path = tmp_path_factory.mktemp("keys") / "secrets"
    path.write_text(f"{SECRET}\n{OLD_SECRET}\n")
    return path


@pytest.fixture(scope="module")
def guarded(shared_lab, keys):
    """A node that asks its clients for tokens."""
    return shared_lab.node("--auth", "jwt", "--jwt-key-file", keys, "--log-level", "debug")


async def refusal(node, name, text, query=""):
    """Tries to come in with a token and returns the status of the refusal."""
    with pytest.raises(websockets.InvalidStatusCode) as refused:
        await join(node, name, query=query, extra_headers=bearer(text) if text else {})
    return refused.value.status_code


async def test_a_token_lets_in_its_id_and_nobody_else(guarded):
    async with joined(guarded, "456", extra_headers=bearer(token("456"))) as ws:
        assert (await push(guarded, "456", "hello")).status == 200
        assert await receive(ws) == "hello"
    assert await refusal(guarded, "457", token("456")) == 403
    assert await refusal(guarded, "456", "") == 401


async def test_a_browser_may_send_its_token_in_the_url_or_as_a_subprotocol(guarded):
    text = token("456")
    async with joined(guarded, "456", query=f"?token={text}"):
        pass
    for offer, answer in [(["waybill", f"bearer.{text}"], "waybill"),
                          ([f"bearer.{text}", "waybill"], "waybill"),
                          ([f"bearer.{text}"], f"bearer.{text}")]:
        async with joined(guarded, "456", subprotocols=offer) as ws:
            assert ws.subprotocol == answer


async def test_the_last_secret_is_as_good_as_the_first(guarded):
    async with joined(guarded, "456", extra_headers=bearer(token("456", OLD_SECRET))):
        pass


def forgeries():
    """Yields what is not a token of this node, each with its name."""
    now = int(time.time())
    good = {"sub": "456", "exp": now + 60}
    header, claims, signature = token("456").split(".")
    none = encode(json.dumps({"alg": "none"}).encode())
    yield "another secret", token("456", "another secret of 32 bytes or more")
    yield "no signature", f"{header}.{claims}."
    yield "two parts", f"{header}.{claims}"
    yield "four parts", f"{header}.{claims}.{signature}.{signature}"
    others = encode(json.dumps(good | {"sub": "4"}).encode())
    yield "another's claims", f"{header}.{others}.{signature}"
    yield "algorithm none", f"{none}.{claims}."
    yield "algorithm none, signed", f"{none}.{claims}.{signature}"
    yield "another algorithm", sign({"alg": "HS512"}, good)
    yield "RS256 in its head", sign({"alg": "RS256"}, good)
    yield "no algorithm", sign({}, good)
    yield "critical fields", sign({"alg": "HS256", "crit": ["b64"], "b64": False}, good)
    yield "expired", token("456", lifetime=-31)
    yield "not yet valid", token("456", nbf=now + 3600)
    yield "an algorithm in small letters", sign({"alg": "hs256"}, good)
    yield "no exp", sign({"alg": "HS256"}, {"sub": "456"})
    yield "exp is a text", sign({"alg": "HS256"}, good | {"exp": str(now + 60)})
    yield "exp is endless", sign({"alg": "HS256"}, '{"sub":"456","exp":1e400}')
    yield "exp is huge", sign({"alg": "HS256"}, good | {"exp": 2**63})
    yield "exp is negative", sign({"alg": "HS256"}, good | {"exp": -1})
    yield "no sub", sign({"alg": "HS256"}, {"exp": now + 60})
    yield "sub is a fraction", sign({"alg": "HS256"}, good | {"sub": 456.0})
    yield "sub is an object", sign({"alg": "HS256"}, good | {"sub": {"id": "456"}})
    yield "sub is null", sign({"alg": "HS256"}, good | {"sub": None})
    yield "another type", sign({"alg": "HS256", "typ": "dpop+jwt"}, good)
    yield "a type that is no text", sign({"alg": "HS256", "typ": 1}, good)
    yield "a header that is no object", sign([], good)
    yield "padding", token("456") + "="
    yield "sub with a NUL", sign({"alg": "HS256"}, good | {"sub": "456\0"})
    yield "for another audience", token("456", aud="another")
    yield "topics are a text", token("456", topics="news")
    yield "claims are an array", sign({"alg": "HS256"}, "[]")
    yield "claims are no JSON", sign({"alg": "HS256"}, "{")
    yield "deep claims", sign({"alg": "HS256"}, "[" * 3000)
    yield "no base64", "a.b!.c"
    yield "a NUL", token("456") + "%00"
    yield "dots", ".."
    yield "long", "a" * 12_000


FORGERIES = dict(forgeries())


@pytest.mark.parametrize("name", FORGERIES)
async def test_a_forgery_is_refused(guarded, name):
    before = (await get(guarded, "/stats")).get("refused_tokens", 0)
    assert await refusal(guarded, "456", FORGERIES[name]) == 401
    assert (await get(guarded, "/stats"))["refused_tokens"] == before + 1


RIGHT = {
    "sub as a number": ({}, {"sub": 456}),
    "claims that are null": ({}, {"nbf": None, "aud": None, "iss": None, "topics": None}),
    **{f"the type {name}": ({"typ": name}, {}) for name in (
        "JWT", "jwt", "at+jwt", "AT+JWT", "application/at+jwt", "application/jwt", None)},
    "other fields and claims": ({"kid": "1"}, {"scope": "a b", "client_id": None}),
}


@pytest.mark.parametrize("case", RIGHT)
async def test_what_issuers_write_is_taken(guarded, case):
    header, claims = RIGHT[case]
    good = {"sub": "456", "exp": int(time.time()) + 60}
    text = sign({"alg": "HS256"} | header, good | claims)
    async with joined(guarded, "456", extra_headers=bearer(text)) as ws:
        await assert_reachable(guarded, "456", ws)


async def test_clocks_may_differ_by_half_a_minute(guarded):
    late = token("456", lifetime=-25)
    early = token("456", nbf=int(time.time()) + 25)
    for text in (late, early):
        await join(guarded, "456", extra_headers=bearer(text))


async def test_a_token_may_be_valid_for_ever(guarded):
    now = int(time.time())
    for date in (9_999_999_999, 253402300799):
        text = sign({"alg": "HS256"}, {"sub": "456", "exp": date})
        async with joined(guarded, "456", extra_headers=bearer(text)) as ws:
            await assert_reachable(guarded, "456", ws)
        text = sign({"alg": "HS256"}, {"sub": "456", "exp": now + 60, "nbf": date})
        assert await refusal(guarded, "456", text) == 401


async def test_a_session_ends_with_its_token(guarded):
    ws = await join(guarded, "456", extra_headers=bearer(token("456", lifetime=2)))
    assert await close_of(ws) == 4001
    assert ws.close_reason == "your token has expired"


async def test_a_token_names_the_topics_that_may_be_listened_to(guarded):
    text = token("456", topics=["news", "order-*"])
    async with joined(guarded, "456", query="?topics=news,order-7", extra_headers=bearer(text)):
        pass
    assert await refusal(guarded, "456", text, "?topics=news,others") == 403
    assert await refusal(guarded, "456", token("456"), "?topics=news") == 403


async def test_a_token_is_for_an_audience_and_by_an_issuer(lab, keys):
    node = lab.node("--auth", "jwt", "--jwt-key-file", keys, "--jwt-audience", "ws",
                    "--jwt-issuer", "shop")
    for claims in [{"aud": "ws"}, {"aud": ["api", "ws"]}]:
        async with joined(node, "456", extra_headers=bearer(token("456", iss="shop", **claims))):
            pass
    for claims in [{"iss": "shop"}, {"iss": "shop", "aud": "api"}, {"iss": "shop", "aud": ["api"]},
                   {"iss": "shop", "aud": 7}, {"aud": "ws"}, {"iss": "other", "aud": "ws"}]:
        assert await refusal(node, "456", token("456", **claims)) == 401


@pytest.mark.parametrize("algorithm, options", [("RS256", RS256), ("ES256", ES256)])
async def test_a_token_may_be_signed_by_a_key_that_the_node_does_not_have(
        lab, tmp_path, algorithm, options):
    other, _ = make_pair(tmp_path, *options)
    _, old = make_pair(tmp_path, *options)
    private, public = make_pair(tmp_path, *options)
    public.write_text(old.read_text() + public.read_text())
    node = lab.node("--auth", "jwt", "--jwt-alg", algorithm, "--jwt-key-file", public)
    make = ["token", "--sub", "456", "--jwt-alg", algorithm, "--jwt-key-file"]
    async with joined(node, "456", extra_headers=bearer(run(*make, private))):
        pass
    assert await refusal(node, "456", run(*make, other)) == 401
    # Whoever knows the public key can use it as a secret.
    forged = token("456", public.read_text())
    assert await refusal(node, "456", forged) == 401


async def test_the_command_makes_tokens(guarded, keys):
    text = run("token", "--sub", "456", "--expires", "1h", "--jwt-key-file", keys,
               "--topic", "news")
    async with joined(guarded, "456", query="?topics=news", extra_headers=bearer(text)):
        pass


async def test_a_token_is_not_logged(lab, keys):
    node = lab.node("--auth", "jwt", "--jwt-key-file", keys, "--log-level", "debug")
    good, bad = token("456"), token("457")
    async with joined(node, "456", query=f"?token={good}"):
        pass
    await refusal(node, "456", bad)
    await refusal(node, "456", bad + "x")
    node.stop()
    log = "\n".join(node.log.rest())
    assert "(none of our keys has signed it)" in log
    assert good.split(".")[1] not in log and bad.split(".")[1] not in log


async def test_keys_are_read_again_on_sighup(lab, tmp_path):
    path = tmp_path / "secrets"
    path.write_text(OLD_SECRET)
    node = lab.node("--auth", "jwt", "--jwt-key-file", path)
    old, new = token("456", OLD_SECRET), token("456")
    async with joined(node, "456", extra_headers=bearer(old)) as ws:
        path.write_text("short")
        node.signal(signal.SIGHUP)
        node.log.wait_for("keeping the old options: .* 32 bytes")
        assert await refusal(node, "456", new) == 401
        path.write_text(SECRET)
        node.signal(signal.SIGHUP)
        node.log.wait_for("reloaded options")
        async with joined(node, "456", extra_headers=bearer(new)):
            pass
        assert await refusal(node, "456", old) == 401
        # A client that is in stays in.
        await assert_reachable(node, "456", ws)


@pytest.mark.parametrize("text, algorithm, complaint", [
    ("", "HS256", "a secret on each line"), ("short\n", "HS256", "32 bytes"),
    ("no key\n", "RS256", "public keys in PEM"), ("{private}", "ES256", "and nothing else"),
    ("{public}", "RS256", "RSA keys of 2048 bits"), ("{weak}", "RS256", "RSA keys of 2048 bits"),
    (None, "HS256", "cannot be read")])
def test_a_node_does_not_start_with_bad_keys(tmp_path, text, algorithm, complaint):
    path = tmp_path / "keys"
    if text is not None:
        private, public = make_pair(tmp_path, *ES256)
        _, weak = make_pair(tmp_path, "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024")
        path.write_text(text.format(private=private.read_text(), public=public.read_text(),
                                    weak=weak.read_text()))
    done = subprocess.run([WAYBILL, "serve", "--auth", "jwt", "--jwt-alg", algorithm,
                           "--jwt-key-file", path], capture_output=True, text=True)
    assert done.returncode == 2 and complaint in done.stderr, done.stderr


@pytest.mark.parametrize("options, complaint", [
    (["--auth", "jwt"], "--jwt-key-file"),
    (["--jwt-key-file", "x"], "--auth jwt"),
    (["--auth", "basic"], "none or jwt")])
def test_options_that_do_not_fit_are_refused(options, complaint):
    done = subprocess.run([WAYBILL, "serve", *options], capture_output=True, text=True)
    assert done.returncode == 2 and complaint in done.stderr, done.stderr
