#!/usr/bin/python3
"""Checks what CONTRIBUTING.md asks of the sources: who includes whom, how names and
comments begin, how long files and functions are, that each file is used and tested, and
that each warning has a code with an entry in docs/reference/codes.md.

    test/house_rules.py

Prints each breach, and exits with 1 if there is one.
"""

import re
import statistics
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]

ROOMS = ("actors", "net", "redis", "app")

# The rooms that a room may include besides itself.
MAY_INCLUDE = {
    "actors": (),
    "net": ("actors",),
    "redis": ("actors",),
    "app": ("actors", "net", "redis"),
    "test": ("actors", "net", "redis", "app"),
}

# The folders of a room; each may include those before it, and "" is the room itself.
FLOORS = {
    "actors": ("core", ""),
    "net": ("", "http", "auth", "websocket", "events", "api", "server"),
    "redis": ("",),
    "app": ("options", "client", "commands", ""),
}

# The rooms, or folders of one, whose sources have suites.
WITH_SUITES = ("actors", "redis", "net/http", "net/auth", "net/events", "net/api")

LONGEST_FILE = 400
MEDIAN_FILE = 80
LONGEST_FUNCTION = 60

INCLUDE = re.compile(r'^ *# *include +([<"])([^>"]+)', re.M)
VAGUE_NAME = re.compile(r"\b(what|where|who|each)\b(?=\s*[,;)=:\]{])")
VAGUE_COMMENT = re.compile(r"^\s*/// (What|How|Who|Where)\b", re.M)

CODE = re.compile(r"\bWB-\d{3}\b")
# A statement that logs a warning or an error: by spdlog, by a refusal_log, or by a bridge.
WARNING = re.compile(r"(?:spdlog::(?:warn|error|critical)\(|->add\(spdlog::level::(?:warn|err)\b|"
                     r"\bcomplain(?:_of_redis)?\(\"|\bgate_\.take\(\").*?;", re.S)
# A response that says that the node, and not the client, is the cause; and its row in the
# table of refusals that are logged as warnings.
FAILURE = re.compile(r"error_response\(\s*http::status::(?:service_unavailable|gateway_timeout|"
                     r"insufficient_storage|internal_server_error),\s*\"(\w+)\"")
FAILURE_ROW = re.compile(r'\{"(\w+)", "WB-\d{3}"\}')
ALERT = re.compile(r"- alert: (\w+)\n(.*?)(?=- alert: |\Z)", re.S)
ENTRY = re.compile(r"^## (WB-\d{3})$", re.M)

NO_CODE = re.compile(r'//[^\n]*|R"(\w*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"', re.S)


def room_and_floor(path):
    """Returns the room of a file, and its folder in there."""
    room, *folders, _ = path.split("/")
    return room, "/".join(folders)


def check_includes(path, text):
    """Arrows point down: between rooms, and inside of each."""
    room, floor = room_and_floor(path)
    for quote, name in INCLUDE.findall(text):
        if quote == "<":
            # Actors know CAF's core and the standard library.
            if room == "actors" and re.search(r"[/.]", name) and (
                    not name.startswith("caf/") or re.match(r"caf/(io|openssl)/", name)):
                yield f"{path}: actors/ may not include <{name}>"
            continue
        other_room, other_floor = room_and_floor(name)
        if other_room == room:
            floors = FLOORS.get(room)
            if floors and floors.index(other_floor) > floors.index(floor):
                yield f"{path}: {name} is above it"
        elif other_room not in MAY_INCLUDE[room]:
            yield f"{path}: {room}/ may not include {name}"


def check_words(path, text):
    """A name is the noun of what it holds, and a comment says what is done."""
    for match in VAGUE_NAME.finditer(NO_CODE.sub(lambda x: "\n" * x[0].count("\n"), text)):
        if not re.search(r"[.>]$", text[:match.start()]):
            yield f"{path}: a name `{match[1]}`"
    for match in VAGUE_COMMENT.finditer(text):
        yield f"{path}: a comment that begins with {match[1]}"


def check_functions(path, text):
    """A function fits on a page."""
    lines = text.split("\n")
    for i, line in enumerate(lines):
        indent = len(line) - len(line.lstrip())
        if not line.endswith("{") or indent > 2 or not re.search(
                r"\)( const| noexcept| override| mutable|( ->.*))* \{$", line):
            continue
        end = next((j for j in range(i, len(lines))
                    if lines[j].startswith(" " * indent + "}")), i)
        if end - i > LONGEST_FUNCTION:
            yield f"{path}:{i + 1}: a function of {end - i} lines"


def check_suite(path, text, paths):
    """A source has a suite; one of several of a header, which it includes first of its own
    room, has that of the header."""
    if not path.endswith(".cpp") or not path.startswith(tuple(f"{x}/" for x in WITH_SUITES)):
        return
    suites = [f"test/{path}"]
    if path.replace(".cpp", ".hpp") not in paths:
        room = path.split("/")[0]
        header = next((name for quote, name in INCLUDE.findall(text)
                       if quote == '"' and name.startswith(f"{room}/")), path)
        suites.append(f"test/{header}".replace(".hpp", ".cpp"))
    if not any(suite in paths for suite in suites):
        yield f"{path}: no suite {suites[-1]}"


def check_codes(texts):
    """Each warning of a node, each alert and each warning of the console has a code; each
    code has one entry in the reference, and is used."""
    rooms = {path: text for path, text in texts.items() if path.split("/")[0] in ROOMS}
    for path, text in rooms.items():
        for match in WARNING.finditer(text):
            # A function that is given the code has it in a parameter.
            if not CODE.search(match[0]) and not re.search(r"\bcode,", match[0]):
                yield f"{path}: a warning without a code: {match[0].split(chr(10))[0]}"
    errors = {error for text in rooms.values() for error in FAILURE.findall(text)}
    rows = set(FAILURE_ROW.findall(rooms["net/server/connection.cpp"]))
    yield from (f"net/server/connection.cpp: {error} is a warning of one side only"
                for error in sorted(errors ^ rows))
    alerts = ALERT.findall((ROOT / "app/monitoring/alerts.yaml").read_text())
    codes = []
    for name, rule in alerts:
        codes += re.findall(r"code: (WB-\d{3})\b", rule)
        if not re.search(rf"runbook_url: \S+/docs/reference/codes\.md#{codes[-1].lower()}\n",
                         rule):
            yield f"alerts.yaml: {name} has no runbook_url of its code"
    if len(set(codes)) != len(alerts):
        yield "alerts.yaml: an alert without a code of its own"
    scripts = [path.read_text() for path in (ROOT / "app/console").glob("*.js")]
    used = {*codes, *(code for text in (*rooms.values(), *scripts) for code in CODE.findall(text))}
    entries = ENTRY.findall((ROOT / "docs/reference/codes.md").read_text())
    yield from (f"codes.md: {code} has two entries"
                for code in sorted(set(entries)) if entries.count(code) > 1)
    yield from (f"codes.md: no entry for {code}" for code in sorted(used - set(entries)))
    yield from (f"codes.md: nothing has the code {code}" for code in sorted(set(entries) - used))


def main():
    """Checks all files, and returns the exit code."""
    paths = sorted(str(path.relative_to(ROOT)) for room in (*ROOMS, "test")
                   for pattern in ("*.hpp", "*.cpp") for path in (ROOT / room).rglob(pattern)
                   if "node_modules" not in path.parts)
    texts = {path: (ROOT / path).read_text() for path in paths}
    breaches = []
    for path, text in texts.items():
        breaches += check_includes(path, text)
        breaches += check_words(path, text)
        if path.split("/")[0] in ROOMS:
            breaches += check_functions(path, text)
            breaches += check_suite(path, text, texts)
    sizes = {path: text.count("\n") for path, text in texts.items()
             if path.split("/")[0] in ROOMS}
    breaches += [f"{path}: {size} lines" for path, size in sizes.items()
                 if size > LONGEST_FILE]
    if statistics.median(sizes.values()) > MEDIAN_FILE:
        breaches.append(f"half of all files have more than {MEDIAN_FILE} lines")
    breaches += check_codes(texts)
    included = {name for text in texts.values() for _, name in INCLUDE.findall(text)}
    breaches += [f"{path}: nobody includes it" for path in paths
                 if path.endswith(".hpp") and path not in included]
    print(*breaches, sep="\n")
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main())
