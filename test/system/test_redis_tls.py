"""A node speaks TLS with the Redis that it was told of, and with no other."""

import asyncio
import ssl

import pytest

from certificates import Certificate
from clients import assert_reachable, is_ready, joined, push, receive, request
from harness import TIMEOUT, WAYBILL, Process, eventually, needs_localhost

PASSWORD = "s3cret"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The folder of the certificates."""
    return tmp_path_factory.mktemp("certificates")


@pytest.fixture(scope="module")
def authority(folder):
    """The signer of the certificates of servers."""
    return Certificate(folder / "authority")


@pytest.fixture(scope="module")
def certificate(folder, authority):
    """A certificate for this machine."""
    return Certificate(folder / "server", "DNS:localhost", "IP:127.0.0.1", issuer=authority)


def assert_no_password(node):
    """Checks that a node has printed a lot, but not the password."""
    node.stop()
    text = "\n".join(node.out.rest() + node.log.rest())
    assert "stopped" in text
    assert PASSWORD not in text


async def assert_refused(node, reason):
    """Checks that a node logs why it does not use its Redis."""
    print(node.log.wait_for(f"Redis cannot be reached: no TLS: .*({reason}).*")[0])
    assert (await request(node, "GET", "/livez")).status == 200
    (await push(node, "456", "aaaa")).check_failure(503)
    assert node.out.all() == []
    assert_no_password(node)


@pytest.mark.parametrize("host", ["127.0.0.1", pytest.param("localhost", marks=needs_localhost)])
async def test_nodes_reach_each_other_by_tls(lab, authority, certificate, host):
    redis = lab.redis(password=PASSWORD, tls=certificate)
    url = f"rediss://:{PASSWORD}@{host}:{redis.port}"
    one, two = (lab.node("--redis-ca", authority.file, redis=url) for _ in range(2))
    assert f"with rediss://{host}:{redis.port}/0" in one.out.all()[0]
    async with joined(one, "456") as ws:
        await assert_reachable(two, "456", ws)
        # More than one record of TLS holds.
        await push(two, "456", "x" * 200_000)
        assert await receive(ws) == "x" * 200_000
        redis.kill()
        redis.start()
        for node in [one, two]:
            node.log.wait_for("Redis is away")
            await eventually(lambda: is_ready(node))
        await assert_reachable(two, "456", ws)
    assert_no_password(one)


def test_the_certificates_of_the_system_are_the_default(lab, authority, certificate):
    # OpenSSL lets this variable stand for the system's file.
    lab.node(redis=lab.redis(tls=certificate), env={"SSL_CERT_FILE": str(authority.file)})


async def test_a_certificate_that_is_not_signed_by_a_trusted_one_is_refused(
        lab, folder, certificate):
    redis = lab.redis(password=PASSWORD, tls=certificate)
    url = f"rediss://:{PASSWORD}@127.0.0.1:{redis.port}"
    other = Certificate(folder / "other")
    for options in [["--redis-ca", other.file], []]:
        await assert_refused(lab.new_node(*options, redis=url),
                             "unable to get local issuer certificate")


@pytest.mark.parametrize("host, names, reason", [
    ("127.0.0.1", ["DNS:localhost", "IP:127.0.0.2"], "IP address mismatch"),
    # Names are not what an address is compared with.
    ("127.0.0.1", ["DNS:127.0.0.1"], "IP address mismatch"),
    pytest.param("localhost", ["DNS:redis.lan", "IP:127.0.0.1"], "hostname mismatch",
                 marks=needs_localhost),
])
async def test_a_certificate_for_another_host_is_refused(
        lab, tmp_path, authority, host, names, reason):
    redis = lab.redis(password=PASSWORD,
                      tls=Certificate(tmp_path / "server", *names, issuer=authority))
    url = f"rediss://:{PASSWORD}@{host}:{redis.port}"
    await assert_refused(lab.new_node("--redis-ca", authority.file, redis=url), reason)


async def test_a_redis_without_tls_is_refused(lab, authority):
    redis = lab.redis(password=PASSWORD)
    url = f"rediss://:{PASSWORD}@127.0.0.1:{redis.port}"
    # It waits for the end of a line that a handshake may or may not seem to have.
    await assert_refused(lab.new_node("--redis-ca", authority.file, redis=url),
                         "the handshake took too long|wrong version number")


async def test_tls_older_than_1_2_is_refused(lab, tmp_path, authority, certificate):
    redis = lab.redis("--tls-protocols", "TLSv1.1", "--tls-ciphers", "DEFAULT@SECLEVEL=0",
                      password=PASSWORD, tls=certificate)
    url = f"rediss://:{PASSWORD}@127.0.0.1:{redis.port}"
    # Not even where the machine allows it.
    config = tmp_path / "openssl.cnf"
    config.write_text("""
openssl_conf = a
[a]
ssl_conf = b
[b]
system_default = c
[c]
MinProtocol = TLSv1
CipherString = DEFAULT@SECLEVEL=0
""")
    node = lab.new_node("--redis-ca", authority.file, redis=url,
                        env={"OPENSSL_CONF": str(config)})
    await assert_refused(node, "protocol version")


@pytest.mark.parametrize("host, expected", [
    ("127.0.0.1", None), pytest.param("localhost", "localhost", marks=needs_localhost)])
async def test_a_server_is_told_which_host_is_wanted(lab, authority, certificate, host, expected):
    asked_for = asyncio.Queue()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate.file, certificate.key)
    context.sni_callback = lambda _, name, __: asked_for.put_nowait(name)
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0,
                                        ssl=context)
    async with server, asyncio.timeout(TIMEOUT):
        port = server.sockets[0].getsockname()[1]
        lab.new_node("--redis-ca", authority.file, redis=f"rediss://{host}:{port}")
        assert await asked_for.get() == expected


@pytest.mark.parametrize("url, text, reason", [
    ("rediss://127.0.0.1", None, "No such file"),
    ("rediss://127.0.0.1", "", "no certificate"),
    ("rediss://127.0.0.1", "-----BEGIN CERTIFICATE-----\nbad\n-----END CERTIFICATE-----\n", ""),
    ("redis://127.0.0.1", "", "rediss://"),
])
def test_a_bad_file_of_certificates_ends_the_start(tmp_path, url, text, reason):
    file = tmp_path / "authority.pem"
    if text is not None:
        file.write_text(text)
    with Process(WAYBILL, "serve", "--listen", "127.0.0.1:0", "--redis", url,
                 "--redis-ca", file) as process:
        assert process.wait() == 2
        line, = process.log.rest()
    print(line)
    assert "--redis-ca" in line and reason in line
