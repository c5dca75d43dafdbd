"""A context names a node and the credentials for it, and gives them to nobody else."""

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from clients import joined
from command_line import in_thread, run
from documents import blocks
from harness import ROOT
from tokens import SECRET, make_key, token


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    """The folder of a key file and a file of secrets."""
    return tmp_path_factory.mktemp("keys")


@pytest.fixture(scope="module")
def guarded(shared_lab, keys):
    """A node that needs keys and tokens, and a key."""
    key = make_key(keys / "api-keys", "all", "--scope", "push,presence,kick,admin")
    (keys / "secret").write_text(SECRET)
    node = shared_lab.node("--api-key-file", keys / "api-keys", "--auth", "jwt",
                           "--jwt-key-file", keys / "secret")
    return node, key


@pytest.fixture
def home(tmp_path):
    """A home of its own: a function that writes a context there, and the variables."""
    folder = tmp_path / ".config/waybill"
    folder.mkdir(parents=True)

    def write(name, text, mode=0o600):
        file = folder / f"{name}.toml"
        file.write_text(text)
        file.chmod(mode)
        return file

    return write, {"HOME": str(tmp_path), "XDG_CONFIG_HOME": ""}


def context_of(guarded):
    """Returns the text of a context."""
    node, key = guarded
    return f'url = "http://127.0.0.1:{node.port}"\napi-key = "{key}"\n'


async def test_a_context_is_chosen_by_option_variable_or_as_the_default(guarded, home):
    write, env = home
    write("prod", context_of(guarded) + f'token = "{token("456")}"\n')
    assert run("status", "--context", "prod", env=env).returncode == 0
    assert run("status", env=env | {"WAYBILL_CONTEXT": "prod"}).returncode == 0
    done = await in_thread(run, "listen", "456", "--no-greeting", "--count", "1", "--context",
                           "prod", env=env)
    assert done.returncode == 0
    done = run("status", env=env, node=guarded[0])
    assert done.returncode == 1 and "401" in done.stdout
    write("default", context_of(guarded))
    assert run("status", env=env).returncode == 0


def test_a_context_stands_in_the_folder_of_the_variable(guarded, home, tmp_path):
    write, env = home
    file = write("prod", context_of(guarded))
    (tmp_path / "elsewhere/waybill").mkdir(parents=True)
    file.rename(tmp_path / "elsewhere/waybill/prod.toml")
    env["XDG_CONFIG_HOME"] = str(tmp_path / "elsewhere")
    assert run("status", "--context", "prod", env=env).returncode == 0


async def test_arguments_and_variables_win_over_a_context(guarded, home, lab):
    write, env = home
    write("default", f'url = "http://127.0.0.1:{guarded[0].port}"\napi-key = "wrong"\n')
    assert run("status", env=env).returncode == 1
    assert run("status", "--api-key", guarded[1], env=env).returncode == 0
    assert run("status", env=env | {"WAYBILL_API_KEY": guarded[1]}).returncode == 0
    other = lab.node()
    async with joined(other, "456"):
        assert (await in_thread(run, "who", "456", env=env, node=other)).returncode == 0


class Collector(BaseHTTPRequestHandler):
    """Notes who asks."""

    seen = []

    def do_GET(self):
        """Notes the credentials of a request."""
        self.seen.append(self.headers["Authorization"])
        self.send_response(404)
        self.end_headers()

    def log_message(self, *_):
        """Prints nothing."""


def test_a_key_goes_to_the_node_of_its_context_only(guarded, home):
    write, env = home
    write("default", context_of(guarded))
    with HTTPServer(("127.0.0.1", 0), Collector) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        run("who", "456", "--url", url, env=env)
        run("who", "456", env=env | {"WAYBILL_URL": url})
        server.shutdown()
    assert Collector.seen == [None, None]


@pytest.mark.parametrize("mode", [0o604, 0o640, 0o644])
def test_a_secret_that_others_can_read_is_refused(guarded, home, mode):
    write, env = home
    file = write("prod", context_of(guarded), mode)
    done = run("status", "--context", "prod", env=env)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (f"waybill: {file} holds a secret that other users can read: "
                           f"run chmod 600 {file}\n")


def test_an_address_is_no_secret(guarded, home):
    write, env = home
    write("prod", context_of(guarded).splitlines()[0], 0o644)
    assert run("status", "--context", "prod", "--api-key", guarded[1], env=env).returncode == 0


def test_the_context_of_the_reference_is_one(home):
    write, env = home
    [block] = blocks(ROOT / "docs/reference/commands.md", "toml")
    write("default", block.text)
    done = run("who", "456", "--url", "unix:/nowhere", env=env)
    assert done.stderr == "waybill: cannot connect to unix:/nowhere: No such file or directory\n"


def test_a_context_that_is_wrong_is_told_with_its_line(home):
    write, env = home
    file = write("prod", 'urll = "http://127.0.0.1"\nurl = "ftp://x"\n')
    done = run("status", "--context", "prod", env=env)
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        f"waybill: {file}:1: unknown option urll; did you mean url?",
        f"waybill: {file}:2: url: write http://host:port, https://host:port or unix:/path, "
        "not 'ftp://x'"]
    done = run("status", "--context", "missing", env=env)
    assert done.returncode == 2
    assert done.stderr == ("waybill: there is no context missing: "
                           f"{file.parent}/missing.toml does not exist\n")
    done = run("status", "--context", "../prod", env=env)
    assert (done.returncode, done.stderr) == (
        2, "waybill: --context: write a name without slashes, not '../prod'\n")
    done = run("status", "--context", "prod", env={"HOME": "", "XDG_CONFIG_HOME": ""})
    assert done.returncode == 2 and "XDG_CONFIG_HOME" in done.stderr
