"""Requests that provoke each answer of openapi.yaml."""

import json
from dataclasses import dataclass, field

UPGRADE = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
           "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA=="}


@dataclass
class Case:
    """A request, such as `GET /livez`, and the status and the code of its answer."""

    line: str
    outcome: str
    body: bytes | None = None
    headers: dict = field(default_factory=dict)


PUSHES = ["POST /socket/456", "POST /topic/456", "POST /broadcast"]
HEARD = ["POST /socket/here", "POST /topic/news", "POST /broadcast"]
TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
TOPICS = ["PUT /socket/456/topics/456", "DELETE /socket/456/topics/456"]
MAILBOX = ["GET /socket/456/mailbox", "DELETE /socket/456/mailbox"]
WITH_PARAMETERS = [*PUSHES, *TOPICS, *MAILBOX, "POST /push", "GET /socket/456", "DELETE /socket/456",
                   "GET /topic/456", "GET /trace/456", "GET /why/456", "GET /stats", "GET /largest"]
PUSHERS = [*WITH_PARAMETERS, "GET /history", "GET /metrics"]
WEBSOCKET = "GET /websocket/456"
EVENTS = "GET /events/456"
CONFIRM = "POST /events/456/confirm?upto=5-0"
LINES = b"".join(json.dumps(line).encode() + b"\n" for line in [
    {"to": "here", "message": "x"}, {"topic": "news", "message": "x"},
    {"all": True, "message": "x"}, {"to": "nobody", "message": "x"}, {"to": "here"},
    {"to": "later", "message": "x", "ttl": 60}, {"to": "full", "message": "x", "ttl": 60}])

OPEN = [
    *(Case(f"{method} /{name}", "200") for method in ("GET", "HEAD")
      for name in ("livez", "readyz", "stats", "history", "metrics", "console", "console/console.css")),
    *(Case(f"{method} {path}", "307") for method in ("GET", "HEAD") for path in ("/", "/console/")),
    Case("HEAD /socket/here", "200"), Case("GET /socket/here", "200"),
    Case("HEAD /trace/here", "200"), Case("HEAD /why/here", "200"), Case("GET /stats?cluster=1&wait=1s", "200"),
    Case("HEAD /stats?cluster=1", "200"), Case("GET /largest?wait=1s", "200"), Case("HEAD /largest", "200"),
    Case("GET /socket/here?detail=1&wait=1s", "200"), Case("GET /socket/nobody", "200"),
    Case("POST /socket/full?ttl=60", "202", b"x"),
    Case("POST /socket/full?ttl=60", "507 mailbox_full", b"x"), Case("POST /push", "200"),
    Case("HEAD /socket/full/mailbox", "200"), Case("GET /socket/full/mailbox", "200"),
    Case("GET /socket/nobody/mailbox", "200"), Case("DELETE /socket/later/mailbox", "200"),
    *(Case(f"POST {path}?receipt={level}&wait=5s", "200", body)
      for path, body in [("/socket/here", b"x"), ("/topic/news", b"x"), ("/broadcast", b"x"),
                         ("/push", LINES)]
      for level in ("routed", "written", "received")),
    Case("GET /trace/here?wait=1s", "200"), Case("GET /why/here?wait=1s&push=x", "200"),
    Case("HEAD /topic/news", "200"), Case("GET /topic/news?detail=1&wait=1s", "200"),
    Case("PUT /socket/here/topics/here?ttl=60&wait=1s", "200"),
    Case("DELETE /socket/here/topics/here?wait=1s", "200"), Case(TOPICS[0], "404 nobody"),
    Case("POST /socket/here?collapse=a&fresh=5s", "200", b"x"),
    Case("POST /topic/news?retain=60&fresh=5s", "200", b"x"),
    Case("POST /topic/later?retain=60", "202", b"x"), Case("POST /topic/later?retain=0", "200"),
    Case("POST /broadcast?fresh=5s", "200", b"x"),
    Case("POST /push", "413 too_many_lines", b"1\n" * 10_001),
    Case("POST /push", "413 too_large", b"x" * 100_000),
    *(Case(line, "404 nobody", b"x") for line in PUSHES[:2]),
    Case("DELETE /socket/kicked?reason=bye", "200"), Case("DELETE /socket/456", "404 nobody"),
    *(Case(line, "400 bad_utf8", b"\xff") for line in PUSHES),
    *(Case(f"{line}?ttl=x", "400 bad_parameter") for line in WITH_PARAMETERS),
    Case(f"{WEBSOCKET}?via=first", "101", headers=UPGRADE),
    Case(f"{EVENTS}?via=fallback&protocol=waybill.v1", "200"),
    Case(f"{WEBSOCKET}?topics=,", "400 bad_parameter", headers=UPGRADE),
    *(Case(f"{line}?a=1&a=1", "400 bad_request") for line in [*WITH_PARAMETERS, WEBSOCKET]),
    *(Case(f"{line.replace('456', '%00')}", "400 bad_id")
      for line in [*PUSHERS, WEBSOCKET] if "456" in line),
    *(Case(line, "403 bad_origin", headers={"Origin": "http://example.com"})
      for line in [*PUSHERS, WEBSOCKET, EVENTS, CONFIRM, "GET /livez"]),
    Case(EVENTS, "200"), Case(f"{EVENTS}?topics=a&after=5-0", "200"),
    Case(EVENTS, "200", headers={"Last-Event-ID": "5-0"}),
    Case(f"{EVENTS}?a=1&a=1", "400 bad_request"), Case(f"{EVENTS}?after=x", "400 bad_parameter"),
    Case("GET /events/%00", "400 bad_id"), Case(CONFIRM, "200"),
    Case(f"{CONFIRM}&upto=1", "400 bad_request"), Case(f"{CONFIRM}x", "400 bad_parameter"),
    Case("POST /events/%00/confirm?upto=5-0", "400 bad_id"),
    *(Case(line, "200", b"x", {"traceparent": TRACEPARENT}) for line in [*HEARD, "POST /push"]),
    *(Case(line, outcome, body, {"Idempotency-Key": line.replace(" ", "")})
      for line in HEARD
      for outcome, body in [("200", b"x"), ("422 key_reused", b"y")]),
    Case(WEBSOCKET, "426 upgrade_required"), Case(WEBSOCKET, "101", headers=UPGRADE),
    Case(WEBSOCKET, "101", headers={**UPGRADE, "Sec-WebSocket-Protocol": "waybill"}),
    Case(WEBSOCKET, "400 bad_handshake", headers={**UPGRADE, "Sec-WebSocket-Key": "x"}),
    # Whatever it asks for.
    Case("GET /nothing", "404 no_such_path"), Case("PUT /livez", "405 method_not_allowed"),
    Case("FETCH /livez", "501 no_such_method"),
    Case("POST /socket/here", "413 too_large", b"x" * 100_000),
    Case("POST /socket/here", "415 content_encoding", b"x", {"Content-Encoding": "gzip"}),
    Case("POST /socket/here", "417 expectation", b"x", {"Expect": "tea"}),
    Case("POST /socket/here", "501 transfer_coding", headers={"Transfer-Encoding": "gzip"}),
    Case("GET /livez", "431 head_too_large", headers={"Field": "x" * 20_000}),
    Case("GET /livez", "431 too_many_fields", headers={f"Field-{i}": "x" for i in range(200)}),
]
CHUNKS = b"POST /push HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1;" + b"x" * 20_000
TOO_LARGE = Case("POST /push", "431 chunks_too_large")
TOO_LATE = Case("GET /livez", "408 request_timeout")
UNREAD = Case("POST /socket/silent?receipt=received&wait=50ms", "504 unanswered", b"x")
DROPPED = Case("POST /socket/456", "504 unanswered")
EMPTY = [Case("POST /broadcast", "404 nobody")]
GUARDED = [*(Case(line, "401 bad_key") for line in PUSHERS),
           *(Case(line, "401 bad_token") for line in [EVENTS, CONFIRM]),
           Case(WEBSOCKET, "401 bad_token", headers=UPGRADE)]
WITH_TOKEN = [
    Case(f"{WEBSOCKET}?topics=news,weather&token={{token}}", "101", headers=UPGRADE),
    Case(f"{EVENTS}?token={{token}}", "200"), Case(f"{CONFIRM}&token={{token}}", "200")]
FORBIDDEN = [Case(line, "403 forbidden") for line in [*PUSHERS, WEBSOCKET, EVENTS, CONFIRM]]
LIMITED = [*(Case(line, "429 too_many_pushes", b"x") for line in [*PUSHES, "POST /push"]),
           Case(WEBSOCKET, "429 too_many_sessions", headers=UPGRADE), Case(EVENTS, "200")]
# For a minute after this was the time in `Last-Event-ID`.
CLOSED = Case(EVENTS, "204")
STORM = [Case(WEBSOCKET, "503 too_many_upgrades", headers=UPGRADE), Case(EVENTS, "200")]
FULL = [Case(WEBSOCKET, "503 node_full", headers=UPGRADE), Case(EVENTS, "200")]
CLIENTS_PORT = [Case(line, "404 admin_port") for line in PUSHERS]
ADMINS_PORT = [Case(line, "404 client_port", headers=UPGRADE)
               for line in [WEBSOCKET, EVENTS, CONFIRM]]
STOPPING = [Case("GET /readyz", "503 stopping"),
            Case(WEBSOCKET, "503 stopping", headers=UPGRADE)]
BUSY = [Case(line, "503 busy", b"x") for line in [*PUSHES, "POST /push"]]
OF_BUS = [*(f"{line}?wait=100ms" for line in [*PUSHES, *TOPICS]), "GET /socket/456",
          "GET /topic/456", "GET /why/456?wait=100ms", "DELETE /socket/456", *MAILBOX]
# A node that stays silent is counted in the answer.
QUESTIONS = ["GET /trace/456?wait=100ms", "GET /stats?cluster=1&wait=100ms", "GET /largest?wait=100ms"]
AWAY = [*(Case(line, "503 bus_away", b"") for line in [*OF_BUS, *QUESTIONS]),
        Case("GET /readyz", "503 bus_away"), Case(CONFIRM, "503 bus_away"), Case(EVENTS, "200"),
        Case(WEBSOCKET, "503 bus_away", headers=UPGRADE)]
# Mailboxes need no PUBLISH.
REFUSING = [Case(line, "503 bus_away", b"") for line in [*OF_BUS, *QUESTIONS]
            if line not in MAILBOX]
FROZEN = [*(Case(line, "504 unanswered", b"") for line in OF_BUS),
          *(Case(line, "200") for line in QUESTIONS)]

CASES = [*OPEN, TOO_LARGE, TOO_LATE, UNREAD, DROPPED, *EMPTY, *GUARDED, *WITH_TOKEN, *FORBIDDEN, CLOSED,
         *LIMITED, *STORM, *FULL, *CLIENTS_PORT, *ADMINS_PORT, *STOPPING, *BUSY, *AWAY, *REFUSING, *FROZEN]
