"""The description of HTTP, openapi.yaml, says what the binary answers: all of it, and
nothing besides."""

import asyncio
import json
import re
import signal
import subprocess
import time
from dataclasses import replace
from http import HTTPStatus

import jsonschema
import pytest

from clients import Http, joined, push, request, silent, stall, until_unready
from harness import Server, together
from openapi_cases import (ADMINS_PORT, AWAY, BUSY, CASES, CHUNKS, CLIENTS_PORT, CLOSED, CONFIRM,
                           DROPPED, EMPTY, EVENTS, FORBIDDEN, FROZEN, FULL, GUARDED, LIMITED, OPEN,
                           REFUSING, STOPPING, STORM, TOO_LARGE, TOO_LATE, UNREAD, UPGRADE, WEBSOCKET,
                           WITH_TOKEN, Case)
from reference import REFERENCE, Description, module, sources, tables_of, words_of
from tokens import SECRET, bearer, make_key, token

API = Description("openapi.yaml")
METHODS = {"get", "head", "post", "put", "delete", "patch", "options", "trace"}
OPERATIONS = {f"{method.upper()} {path}": operation
              for path, item in API.all["paths"].items()
              for method, operation in item.items() if method in METHODS}
REFUSED = API.all["components"]["responses"]["Refused"]


def operation_of(case):
    """Returns the operation of a request, such as `GET /socket/{id}`, or nothing."""
    method, target = case.line.split(" ")
    parts = target.partition("?")[0].split("/")
    for operation in OPERATIONS:
        other, path = operation.split(" ")
        names = path.split("/")
        if method == other and len(names) == len(parts) and all(
                x == y or x.startswith("{") for x, y in zip(names, parts)):
            return operation
    return None


def response_of(operation, status):
    """Returns what is described of the answers of an operation with a status."""
    responses = OPERATIONS[operation]["responses"] if operation else {}
    return API.resolve(responses.get(str(status), REFUSED))


def codes_of(response):
    """Returns the codes that a described failure may have."""
    schema = response.get("content", {}).get("application/json", {}).get("schema", {})
    error = schema.get("properties", {}).get("error", {})
    return set(error.get("enum", [error["const"]] if "const" in error else []))


def refusals():
    """Returns all that is described for any request, such as `404 no_such_path`."""
    return {f"{status} {code}" for rows in tables_of(REFUSED["description"])
            for status, codes, _ in rows[1:] for code in words_of(codes)}


def check(case, answer):
    """Checks that an answer is the expected one, and as it is described."""
    response = response_of(operation_of(case), answer.status)
    for name, header in response.get("headers", {}).items():
        header = API.resolve(header)
        value = answer.headers.get(name.lower())
        assert value is not None or not header.get("required"), name
        if value is not None:
            is_number = header["schema"]["type"] == "integer"
            API.check(int(value) if is_number else value, header["schema"])
    outcome = str(answer.status)
    if content := response.get("content"):
        assert answer.headers["server"] == "waybill"
        (kind, media), = content.items()
        assert answer.headers["content-type"] == kind
        bodies = [json.loads(line) for line in answer.body.splitlines() if "json" in kind]
        assert len(bodies) == 1 or kind != "application/json" or case.line.startswith("HEAD")
        for body in bodies:
            API.check(body, media["schema"])
        if bodies and answer.status >= 400:
            outcome += f" {bodies[0]['error']}"
        if response is REFUSED:
            assert outcome in refusals()
    assert outcome == case.outcome


async def run(node, cases):
    """Sends requests, one after the other, and checks their answers."""
    for case in cases:
        method, target = case.line.split(" ")
        check(case, await request(node, method, target, case.body, case.headers))


async def test_a_node_answers_what_is_described(lab):
    node = lab.node("--mailbox-limit", "1", "--max-body", "32KiB")
    await run(node, EMPTY)
    async with joined(node, "here", "kicked", query="?topics=news"):
        await run(node, OPEN)
    with silent(node, "silent"):
        await run(node, [UNREAD])
    await run(node, [replace(CLOSED, headers={"Last-Event-ID": f"0;closed={int(time.time())}"})])
    for server, data, case in [(node, CHUNKS, TOO_LARGE),
                               (lab.node("--head-timeout", "200ms"), b"GET", TOO_LATE)]:
        async with Http(server) as http:
            await http.send(data)
            check(case, await http.read())


async def test_a_guarded_node_answers_what_is_described(lab, tmp_path):
    (tmp_path / "secrets").write_text(SECRET)
    key = make_key(tmp_path / "keys", "order", "--scope", "presence", "--pattern", "order-*")
    node = lab.node("--auth", "jwt", "--jwt-key-file", tmp_path / "secrets",
                    "--api-key-file", tmp_path / "keys")
    await run(node, GUARDED)
    await run(node, [replace(case, line=case.line.format(token=token("456", topics=["*"])))
                     for case in WITH_TOKEN])
    another = {**UPGRADE, **bearer(token("another"))}
    of_clients = [WEBSOCKET, EVENTS, CONFIRM]
    await run(node, [replace(case, headers=another if case.line in of_clients else bearer(key))
                     for case in FORBIDDEN])


async def test_a_limited_node_answers_what_is_described(lab):
    node = lab.node("--max-push-rate", "1", "--max-sessions-per-id", "1")
    # After these, nothing may be pushed for a minute.
    await run(node, [Case("POST /push", "200", b'{"to":"1","message":"x"}\n' * 60)])
    async with joined(node, "456"):
        await run(node, LIMITED)
    stormed = lab.node("--max-upgrade-rate", "1", "--threads", "1")
    async with joined(stormed, "1"):
        await run(stormed, STORM)
    full = lab.node("--max-sessions", "1")
    async with joined(full, "1"):
        await run(full, FULL)


async def test_a_push_that_is_dropped_is_answered_as_described(lab):
    node = lab.node("--slow-consumer", "drop-oldest", "--max-queue", "128KiB")
    with silent(node, "456"):
        await stall(node, "456")
        pushing = asyncio.create_task(push(node, "456", "x" * 100_000, "?receipt=written&wait=60s"))
        while not pushing.done():
            await push(node, "456", "x" * 100_000)
        check(DROPPED, pushing.result())
        assert pushing.result().json["dropped"] == 1


async def test_two_ports_answer_what_is_described(lab):
    node = lab.node("--admin-listen", "127.0.0.1:0")
    clients, admins = (Server(port) for port in node.ports)
    await run(clients, CLIENTS_PORT)
    await run(admins, ADMINS_PORT)


async def test_a_stopping_node_answers_what_is_described(lab):
    node = lab.node("--threads", "1")
    # A client that does not answer its close keeps the node from stopping.
    with silent(node, "456") as client:
        async with Http(node) as one, Http(node) as two:
            for http in (one, two):
                await http.request("GET", "/livez")
            node.signal(signal.SIGTERM)
            assert client.read_close() == 1001
            for case, http in zip(STOPPING, [one, two]):
                check(case, await http.request(*case.line.split(" "), None, case.headers))
    assert node.wait() == 0


async def test_a_busy_node_answers_what_is_described(lab):
    node = lab.node("--max-request-memory", "4KiB", "--max-body", "4KiB", "--threads", "1")
    async with Http(node) as first:
        await first.send(b"POST /push HTTP/1.1\r\nHost: h\r\nContent-Length: 4096\r\n"
                         b"Expect: 100-continue\r\n\r\n")
        assert (await first.read()).status == 100
        await run(node, BUSY)


async def test_a_node_answers_what_is_described_when_redis_does_not_do_its_part(lab):
    redis = lab.redis()
    node = lab.node(redis=redis)
    redis.command("ACL", "SETUSER", "default", "-publish", "-pubsub|numsub")
    await run(node, REFUSING)
    redis.command("ACL", "SETUSER", "default", "+@all")
    redis.freeze()
    await together(run(node, [case]) for case in FROZEN)
    redis.thaw()
    redis.kill()
    await until_unready(node)
    await run(node, AWAY)


# -- all that is described -----------------------------------------------------

@pytest.mark.parametrize("operation", OPERATIONS)
def test_each_described_answer_is_provoked(operation):
    described = {f"{status} {code}".strip()
                 for status, response in OPERATIONS[operation]["responses"].items()
                 for code in codes_of(API.resolve(response)) or [""] if status != "default"}
    provoked = {case.outcome for case in CASES if operation_of(case) == operation}
    if operation.startswith("HEAD"):
        get = OPERATIONS[operation.replace("HEAD", "GET")]
        assert OPERATIONS[operation]["responses"] == get["responses"]
        described = {min(get["responses"])}
    assert described <= provoked


@pytest.mark.parametrize("operation", OPERATIONS)
def test_each_described_parameter_is_tried(operation):
    _, path = operation.split(" ")
    described = [API.resolve(parameter) for parameter in [
        *OPERATIONS[operation].get("parameters", []),
        *API.all["paths"][path].get("parameters", [])]]
    assert {parameter["name"] for parameter in described if parameter["in"] == "path"} == set(
        re.findall(r"{(\w+)}", path))
    good = [case for case in CASES if case.outcome in ("101", "200", "202")
            and operation_of(case) == operation.replace("HEAD", "GET")]
    tried = {name for case in good for name in case.headers} - {"Content-Type"}
    tried |= {name for case in good for name in re.findall(r"[?&](\w+)=", case.line)}
    assert {parameter["name"] for parameter in described if parameter["in"] != "path"} == tried


def test_each_described_refusal_is_provoked():
    assert refusals() <= {case.outcome for case in CASES}


def number_of(status):
    """Returns the number of a status that Boost calls so."""
    renamed = {"payload_too_large": "request_entity_too_large"}
    return HTTPStatus[renamed.get(status, status).upper()].value


def test_the_sources_know_the_described_failures_and_no_others():
    text = sources("net")
    known = {f"{number_of(status)} {code}" for status, code in re.findall(
        r'error_response\(\s*http::status::(\w+),\s*"(\w+)"', text)}
    known |= {f"401 {code}" for code in re.findall(r'unauthorized\(\s*"(\w+)"', text)}
    described = {f"{status} {code}" for operation in OPERATIONS.values()
                 for status, response in operation["responses"].items()
                 for code in codes_of(API.resolve(response))} | refusals()
    # One of a line in a batch: the request is answered 200.
    assert described | {"400 bad_line"} == known


async def test_each_path_has_the_described_methods(lab):
    node = lab.node()
    for path, item in API.all["paths"].items():
        answer = await request(node, "PATCH", re.sub(r"{\w+}", "456", path))
        assert answer.status == 405
        assert set(answer.headers["allow"].lower().split(", ")) == set(item) & METHODS


async def test_no_other_path_is_there(lab):
    node = lab.node()
    # In place of a segment that a path leaves open, x.
    described = {re.sub(r"{\w+}", "x", path) for path in API.all["paths"]}
    first = {path.split("/")[1] for path in described} - {""}
    # Any word in the sources might be a segment of a path.
    words = set(re.findall(r'["/](\w+)(?=["/])', sources("net", "app")))
    assert first <= words
    paths = {f"/{word}{rest}" for word in words for rest in ("", "/x", "/x/x")}
    paths |= {"/", "/console/"}
    paths |= {f"/{word}/x/{last}{rest}" for word in first for last in words for rest in ("", "/x")}
    async with Http(node) as http:
        found = {path for path in paths if (await http.request("PATCH", path)).status != 404}
    assert found == described


# -- the description itself ----------------------------------------------------


def test_it_is_openapi():
    found = subprocess.run([module(".bin/validate-api"), REFERENCE / "openapi.yaml"],
                           capture_output=True, text=True)
    assert json.loads(found.stdout)["valid"], found.stdout


@pytest.mark.parametrize("name, schema", API.schemas())
def test_a_schema_is_one(name, schema):
    jsonschema.Draft202012Validator.check_schema(schema)
    for example in [schema["example"]] if "example" in schema else []:
        API.check(example, schema)
