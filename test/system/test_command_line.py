"""All commands have one form: of help, of results, of errors and of exit codes."""

import json
import re
import shlex
import socket

import pytest

from clients import joined
from command_line import (commands, help_of, in_thread, lines_of, options_of, run,
                          run_on_terminal)
from harness import ROOT
from reference import table_with, words_of

COMMANDS = list(commands())
ACCESS = {"--url", "--ca", "--context"}
ASKING = [words for words in COMMANDS if "--url" in options_of(*words)]

# Arguments with which a command that asks a node runs, and ends.
ARGUMENTS = {
    "push": ["456", "x"], "listen": ["456", "--count", "1"], "topics": ["456", "add", "news"],
    "who": ["456"], "why": ["456"], "trace": ["456"], "mailbox": ["456"], "kick": ["456"],
    "status": [], "top": ["--count", "1"], "bench": ["--sessions", "2", "--time", "10ms"],
}


def id_of(words):
    """Returns the name of a test of a command."""
    return " ".join(words)


def test_the_commands_that_ask_a_node_are_known_here():
    assert {words[0] for words in ASKING} == ARGUMENTS.keys()


@pytest.mark.parametrize("words", COMMANDS, ids=id_of)
def test_the_help_of_a_command_ends_with_examples_that_are_right(words):
    text = help_of(*words)
    assert re.match(r"[A-Z][^\n]*\.\n", text) or len(words) == 2
    examples = text.partition("Examples:\n")[2].strip().splitlines()
    assert examples
    for example in examples:
        example = example.rpartition("| ")[2]
        used = shlex.split(re.split(r" [<>] ", example)[0])
        # check-config has the options of serve, and its help.
        owner = ("serve",) if words == ("check-config",) else words
        if words != ("key",):
            assert tuple(used[1:1 + len(owner)]) == owner, example
        assert {word for word in used if word.startswith("--")} <= options_of(*words) | \
            (options_of("key", "create") if words == ("key",) else set())


@pytest.mark.parametrize("words", ASKING, ids=id_of)
def test_a_command_that_asks_a_node_takes_the_shared_options(words):
    secret = "--token" if words == ("listen",) else "--api-key"
    assert ACCESS | {secret, "--json", "--text"} <= options_of(*words)
    variables = set(re.findall(r"Env:(\w+)", help_of(*words)))
    assert variables == {"WAYBILL_" + name[2:].upper().replace("-", "_")
                         for name in ACCESS - {"--ca"} | {secret}}


@pytest.mark.parametrize("words", COMMANDS, ids=id_of)
def test_a_wrong_argument_is_one_line_and_2(words):
    done = run(*words, "--frobnicate")
    assert done.returncode == 2 and not done.stdout
    assert re.fullmatch(r"waybill: [^\n]+\n", done.stderr)
    if re.search(r"^  [A-Z]+ .*REQUIRED", help_of(*words), re.MULTILINE):
        done = run(*words)
        assert done.returncode == 2 and not done.stdout
        assert re.fullmatch(rf"waybill: .*required; see waybill {id_of(words)} --help\n",
                            done.stderr)


def test_results_and_forms_do_not_go_together():
    done = run("who", "456", "--json", "--text")
    assert done.returncode == 2 and done.stderr.startswith("waybill: --")


@pytest.mark.parametrize("words", [words for words in ASKING if words != ("listen",)], ids=id_of)
def test_a_node_that_is_not_there_is_one_line_and_1(words):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    for form in ("--json", "--text"):
        done = run(*words, *ARGUMENTS[words[0]], form, "--url", f"http://127.0.0.1:{port}")
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr == f"waybill: cannot connect to 127.0.0.1:{port}: Connection refused\n"


@pytest.mark.parametrize("words", [words for words in ASKING if words != ("listen",)], ids=id_of)
async def test_a_result_is_json_in_a_pipe_and_text_on_a_terminal(node, words):
    # A session that is kicked once or twice does not come back.
    async with joined(node, "456"):
        done = await in_thread(run, *words, *ARGUMENTS[words[0]], node=node)
    assert done.returncode == 0, done.stderr
    printed = lines_of(done)
    assert printed and all(isinstance(line, dict) for line in printed)
    async with joined(node, "456"):
        code, text = await in_thread(run_on_terminal, *words, *ARGUMENTS[words[0]], node=node)
    assert code == 0 and text.strip()
    with pytest.raises(json.JSONDecodeError):
        json.loads(text)


async def test_a_message_is_json_in_a_pipe_and_text_on_a_terminal(node):
    greeting = ["listen", "456", "--no-greeting", "--count", "1"]
    assert lines_of(await in_thread(run, *greeting, node=node)) == [
        {"id": "456", "text": "连接成功!"}]
    assert await in_thread(run_on_terminal, *greeting, node=node) == (0, "连接成功!\n")


async def test_what_a_node_refuses_is_told_in_both_forms(node):
    done = await in_thread(run, "kick", "nobody", "--json", node=node)
    assert done.returncode == 1
    [answer] = lines_of(done)
    assert done.stderr == f"waybill: 404 nobody: {answer['message']}\n"
    done = await in_thread(run, "kick", "nobody", "--text", node=node)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"waybill: 404 nobody: {answer['message']}\n"


def test_exit_codes_are_those_of_the_manual():
    text = (ROOT / "docs/reference/commands.md").read_text()
    codes = [row[0] for row in table_with(text, "exit code", "meaning")]
    assert codes == ["0", "1", "2"]
    page = (ROOT / "app/package/waybill.1").read_text()
    status = page.partition(".SH EXIT STATUS")[2].partition(".SH")[0]
    assert re.findall(r"^\.B (\d+)$", status, re.MULTILINE) == [*codes, "70"]


def test_each_command_has_its_section():
    sections = set(re.findall(r"^## waybill (.*)$",
                              (ROOT / "docs/reference/commands.md").read_text(), re.MULTILINE))
    assert sections == {id_of(words) for words in COMMANDS} - {"serve", "key"}


def test_the_completion_is_that_of_the_package():
    for shell in ("bash", "zsh"):
        done = run("completion", shell)
        assert done.returncode == 0
        assert done.stdout == (ROOT / f"app/package/completion.{shell}").read_text()
    done = run("completion", "fish")
    assert (done.returncode, done.stderr) == (2, "waybill: write bash or zsh, not 'fish'\n")


def test_the_readme_names_a_command_that_is_there():
    named = {word for span in words_of((ROOT / "README.md").read_text())
             for word in re.findall(r"^waybill ([a-z-]+)", span)}
    assert {"push", "why"} <= named <= {words[0] for words in COMMANDS}
