"""Every shell block of the documents does what it says.

The blocks of a section are run in one go, as its reader would, on a machine of their
own: no port is taken there, and nothing is left of it.
"""

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from certificates import Certificate
from documents import DOCUMENTS, blocks
from harness import CLEAN_ENVIRONMENT, ROOT, TIMEOUT, WAYBILL

HERE = Path(__file__).parent

# Commands that are checked for their syntax alone, by how they begin.
UNRUN = {
    "/usr/bin/python3 -m pytest": "runs a test that CTest runs, too",
    "/usr/bin/python3 test/bench/compare.py": "takes minutes; test_compare runs a short one",
    "/usr/bin/python3 test/bench/variants.py": "takes minutes; test_compare runs a short one",
    "/usr/bin/python3 test/bench/masters.py": "takes half a minute; test_compare runs a short one",
    "/usr/bin/python3 test/wire/record.py": "writes into the repository",
    "bash app/demo.sh": "builds, and shows what the other tests check",
    "bash app/setup.sh": "installs packages, which test/run.sh has done",
    "bash test/chaos/mutants.sh": "takes 20 minutes, and builds",
    "bash test/dev.sh": "builds, and runs a test that CTest runs, too",
    "bash test/run.sh": "runs this test",
    "build/profile/waybill": "is of another build",
    "build/release/fuzz_": "is another program; CTest runs it as fuzz.*",
    "build/release/test_": "is another program; CTest runs it",
    "build/release/waybill_micro": "is another program; CTest runs it as bench.micro",
    "cmake ": "builds, which test/run.sh has done",
    "cpack ": "makes a package, which test/package.sh installs",
    "docker ": "needs Docker; test_packages runs what it would start",
    "export WAYBILL=": "names another build",
    "helm ": "needs Kubernetes; test_kubernetes renders the chart",
    "kubectl ": "needs Kubernetes; test_kubernetes runs what it would start",
    "npm ci ": "installs packages, which test/run.sh has done",
    "test/chaos/attack_run": "takes minutes; test_attack runs a short one",
    "test/chaos/run ": "takes minutes; test_faults runs short ones",
    "perf ": "needs rights that a test may not have",
    "sed -i -E ": "breaks a copy of the source",
    "sudo ": "changes the machine; test/package.sh does the same to one of its own",
    "WAYBILL_FUZZ_SECONDS=300 bash test/fuzz/run.sh": "needs another build; CI runs it",
}

# Commands that the reader of a section, or of each in a document, has already.
ANSWERS = "until redis-cli ping; do sleep 0.1; done\n"
REDIS = "redis-server --save '' --daemonize yes\n" + ANSWERS
# Hosts of the guides, each with a Redis that serves others.
HOSTS = """
    for i in {10..23}; do ip address add 10.0.0.$i/32 dev lo; done
    redis() { redis-server "$@" --protected-mode no --save '' --daemonize yes; }
"""
BESIDE = {
    "README.md": REDIS,
    "docs/guide/from-spring.md": REDIS,
    "docs/guide/from-spring.zh.md": REDIS,
    "docs/guide/install.md": "waybill serve",
    "docs/guide/install.md: Three nodes behind a proxy": HOSTS + """
        KEY=$(waybill key create backend --scope push --file api-keys)
        waybill serve --listen 10.0.0.10:8080 --insecure --api-key-file api-keys
        waybill listen 456 --url http://10.0.0.10:8080""",
    "docs/guide/operations.md": "waybill serve --listen 127.0.0.1:8081",
    "docs/guide/operations.md: A new version": REDIS,
    "docs/guide/proxies.md": HOSTS + """
        redis --bind 10.0.0.20
        openssl rand -hex 32 > jwt-secret
        waybill key create backend --scope push --file api-keys""",
    # With the files that the guide has for them.
    "docs/guide/redis.md": HOSTS + """
        sed -n '/^appendonly/,/^client-output/p' docs/guide/redis.md > redis.conf
        redis-server redis.conf --bind 127.0.0.1 10.0.0.21 --protected-mode no --daemonize yes
        redis --bind 10.0.0.22 --replicaof 10.0.0.21 6379
        for i in 21 22 23; do
          sed -n '/^sentinel/p' docs/guide/redis.md > $i.conf
          redis-server $i.conf --sentinel --bind 10.0.0.$i --port 26379 --protected-mode no \\
            --daemonize yes
        done
        """ + ANSWERS,
    "docs/guide/redis.md: More than one core: Redis Cluster": HOSTS + """
        sed -n '/^cluster-enabled/,/^cluster-require/p' docs/guide/redis.md > redis.conf
        for i in 21 22 23; do
          mkdir $i
          redis-server redis.conf --bind 10.0.0.$i --cluster-announce-ip 10.0.0.$i --dir $i \\
            --protected-mode no --daemonize yes
          until redis-cli -h 10.0.0.$i ping; do sleep 0.1; done
        done
        redis-cli --cluster create 10.0.0.21:6379 10.0.0.22:6379 10.0.0.23:6379 --cluster-yes
        until redis-cli -h 10.0.0.21 cluster info | grep cluster_state:ok; do sleep 0.1; done
        """,
    "docs/guide/troubleshooting.md": REDIS + """
        waybill serve --redis redis://127.0.0.1
        waybill listen 456
        waybill push --ttl 60 457 kept || true
        redis-cli xadd waybill:mail:{id:456} '*' a b""",
    "docs/guide/upgrade.md": "waybill serve --listen 127.0.0.1:8081",
    "docs/guide/security.md": """
        echo 'user waybill on >PASSWORD ~* &* +@all' > users.acl
        redis-server --port 0 --tls-port 6379 --tls-auth-clients no --save '' --daemonize yes \
          --tls-cert-file $CERTIFICATE --tls-key-file $KEY --aclfile users.acl""",
}

# Other names that a shell block may be called, so that it would not be found.
ALIASES = {"bash", "shell", "console", "shell-session", "terminal", "zsh"}

# Languages of files that a program reads.
CONFIGURATIONS = {"toml", "haproxy", "nginx", "conf"}

# A node, and a client, go on in the background as soon as they are ready.
SHELL = f"""
set -eo pipefail
ip link set lo up
background() {{
  local ready=$1 log tries
  shift
  log=$(mktemp)
  "$@" > "$log" 2>&1 < <(sleep infinity) &
  for ((tries = 200; tries; --tries)); do
    ! grep "$ready" "$log" || return 0
    kill -0 $! 2> /dev/null && ! grep -q 'connecting again' "$log" || break
    sleep 0.1
  done
  cat "$log"
  return 1
}}
waybill() {{
  if [[ $1 = serve && $* != *--help* ]]; then
    background '^ready: ' {WAYBILL} "$@"
  elif [[ $1 = listen && $* != *--help* ]]; then
    background '连接成功' {WAYBILL} "$@"
  else
    {WAYBILL} "$@"
  fi
}}
"""
# Whoever follows the document would see that a push failed.
CURLRC = """
fail
no-progress-meter
max-time = 20
noproxy = *
"""

ALONE = ["setpriv", "--pdeathsig", "KILL", "--", "unshare", "--map-root-user", "--net", "--pid",
         "--mount-proc", "--fork", "--kill-child"]
CAN_BE_ALONE = not subprocess.run([*ALONE, "ip", "link", "set", "lo", "up"],
                                  capture_output=True).returncode


@dataclass
class Section:
    """The shell blocks of a section, and what the document says that they print."""

    document: str
    title: str
    commands: list[str]
    outputs: list[str]

    def __str__(self):
        return f"{self.document}: {self.title}"


def sections():
    """Returns all sections with shell blocks."""
    found = {}
    for path in DOCUMENTS:
        name, previous = str(path.relative_to(ROOT)), None
        for block in blocks(path):
            if block.language == "sh":
                section = found.setdefault((name, block.section),
                                           Section(name, block.section, [], []))
                section.commands.append(block.text)
                section.outputs.append("")
            elif block.language == "text" and previous == "sh" and not block.before.strip():
                section.outputs[-1] = block.text
            previous = block.language
    return list(found.values())


SECTIONS = sections()


def lines_of(block):
    """Returns the commands of a block, those that go on in another line in one piece."""
    return re.findall(r"(?:.*\\\n)*.+", block)


def runnable(block):
    """Returns what of a block is run. What it starts in the background is there when
    the next command is run, and its hosts are this one."""
    lines = [line for line in lines_of(block) if not line.startswith(tuple(UNRUN))]
    text = re.sub(r" &$", "", "\n".join(lines), flags=re.MULTILINE)
    text = text.replace("build/release/waybill", "waybill")
    return re.sub(r"\b[\w.]+\.example\.com\b", "127.0.0.1", text)


def assert_printed(expected, output):
    """Checks that the lines of a text were printed, one after the other. In it … stands
    for anything."""
    position = 0
    for line in expected.splitlines():
        pattern = ".*".join(map(re.escape, line.split("…")))
        match = re.compile(f"^{pattern}$", re.MULTILINE).search(output, position)
        assert match, f"not printed: {line}\n{output}"
        position = match.end()


@pytest.fixture
def machine(tmp_path):
    """Runs a script in a folder that has what a clone with a build has, on a machine
    of its own, and returns what it printed."""
    home, work = tmp_path / "home", tmp_path / "work"
    for folder in (home, work):
        folder.mkdir()
    (home / ".curlrc").write_text(CURLRC)
    for name in ("app", "docs", "test"):
        (work / name).symlink_to(ROOT / name)
    certificate = Certificate(tmp_path / "server", "IP:127.0.0.1")
    environment = CLEAN_ENVIRONMENT | {
        "HOME": str(home), "PATH": f"{CLEAN_ENVIRONMENT['PATH']}:/usr/sbin:/sbin",
        "SSL_CERT_FILE": str(certificate.file), "CERTIFICATE": str(certificate.file),
        "KEY": str(certificate.key), "TMPDIR": str(tmp_path)}

    def run(script):
        output = tmp_path / "output"
        with output.open("w") as out:
            done = subprocess.run([*ALONE, "bash", "-c", SHELL + script], cwd=work, env=environment,
                                  stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                                  timeout=2 * TIMEOUT)
        text = output.read_text(errors="replace")
        assert done.returncode == 0, text
        return text

    return run


@pytest.mark.skipif(not CAN_BE_ALONE, reason="no name spaces of one's own")
@pytest.mark.parametrize("section", [section for section in SECTIONS
                                     if any(map(runnable, section.commands))], ids=str)
def test_the_commands_of_a_section_do_what_it_says(machine, section):
    mark = "-- the next block --\n"
    parts = [f"echo -n '{mark}'\n{runnable(block)}\n" for block in section.commands]
    beside = BESIDE.get(str(section), BESIDE.get(section.document, ""))
    output = machine(beside + "\n" + "".join(parts))
    for expected, text in zip(section.outputs, output.split(mark)[1:], strict=True):
        assert_printed(expected, text)


@pytest.mark.parametrize("section", SECTIONS, ids=str)
def test_all_commands_are_valid(section):
    for block in section.commands:
        done = subprocess.run(["bash", "-n"], input=block, text=True, capture_output=True)
        assert not done.stderr, done.stderr


@pytest.mark.parametrize("command", UNRUN)
def test_what_is_not_run_stands_in_a_document(command):
    assert any(line.startswith(command) for section in SECTIONS for block in section.commands
               for line in lines_of(block))


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_shell_block_goes_by_another_name(path):
    for block in blocks(path):
        assert block.language not in ALIASES
        if block.language in ("", "text"):
            assert not re.search(r"^(\$ |# )?(curl|bash|sudo|waybill [a-z]+ -|redis-cli|kill) ",
                                 block.text, re.MULTILINE), block


@pytest.mark.parametrize("path", [path for path in DOCUMENTS if CONFIGURATIONS & {
    block.language for block in blocks(path)}], ids=lambda path: path.name)
def test_a_configuration_has_a_test_of_its_own(path):
    name = f"{path.parent.name}/{path.name}"
    assert any(name in test.read_text() for test in HERE.glob("test_*.py")
               if test.name != Path(__file__).name)


# -- the test itself ---------------------------------------------------------------


@pytest.mark.skipif(not CAN_BE_ALONE, reason="no name spaces of one's own")
@pytest.mark.parametrize("block", [
    "false\ntrue", "waybill serve --no-such-option &\n", "waybill nonsense",
    "waybill serve &\ncurl -d hello http://127.0.0.1:8080/socket/456",
    "waybill listen 456"])
def test_a_command_that_fails_is_found(machine, block):
    with pytest.raises(AssertionError):
        machine(runnable(block))


def test_output_that_differs_is_found():
    assert_printed("a…\nc\n", "about\nb\nc\n")
    for wrong in ("c\n", "c\nabout\n", "about c\n"):
        with pytest.raises(AssertionError):
            assert_printed("a…\nc\n", wrong)
