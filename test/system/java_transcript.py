"""Runs Transcript.java, which tells line by line what a user of app/java sees."""

import asyncio
import subprocess

import pytest

from harness import CLEAN_ENVIRONMENT, ROOT, TIMEOUT, Process, eventually

SOURCES = sorted((ROOT / "app/java").glob("*.java"))
# Arguments and output are UTF-8.
ENVIRONMENT = {"LC_ALL": "C.UTF-8"}


def compile_java(folder, *sources, classes="."):
    """Compiles sources of Java 17 into a folder. The compiler may not even warn."""
    done = subprocess.run(
        ["javac", "--release", "17", "-Xlint:all", "-Werror", "-encoding", "UTF-8", "-cp", classes,
         "-d", folder, *sources], check=False, capture_output=True, text=True,
        env=CLEAN_ENVIRONMENT | ENVIRONMENT)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def classes(tmp_path_factory):
    """The folder of the compiled client and of Transcript."""
    folder = tmp_path_factory.mktemp("classes")
    compile_java(folder, *SOURCES, ROOT / "test/system/java/Transcript.java")
    return folder


def bases(*servers):
    """Returns the URLs of nodes as Transcript takes them."""
    return ",".join(f"http://127.0.0.1:{server.port}" for server in servers)


def command(classes, servers, *arguments, key="-"):
    """Returns the command of a Transcript."""
    # A virtual machine that lives for a second should not spend it on compiling.
    return ["java", "-XX:TieredStopAtLevel=1", "-cp", str(classes), "Transcript", bases(*servers),
            key, *arguments]


@pytest.fixture
def java(classes):
    """Runs a command of Transcript and returns the lines that it prints."""
    async def run(servers, *arguments, **options):
        process = await asyncio.create_subprocess_exec(
            *command(classes, servers, *arguments, **options), stdout=subprocess.PIPE,
            env=CLEAN_ENVIRONMENT | ENVIRONMENT)
        async with asyncio.timeout(2 * TIMEOUT):
            output, _ = await process.communicate()
        assert process.returncode == 0
        return output.decode().splitlines()

    return run


class Listening(Process):
    """A WaybillClient that listens to an id and to the topic news."""

    def __init__(self, classes, servers, name, heartbeat="PT20S", **options):
        super().__init__(*command(classes, servers, "listen", name, heartbeat, **options),
                         env=ENVIRONMENT)
        self._read = 0

    async def until(self, *beginnings):
        """Waits until lines that begin so are printed one after the other, behind those that
        were waited for before. Returns the last."""
        def printed():
            lines = self.out.all()
            for end in range(self._read + len(beginnings), len(lines) + 1):
                last = lines[end - len(beginnings):end]
                if all(map(str.startswith, last, beginnings)):
                    self._read = end
                    return last[-1]
            return None

        try:
            return await eventually(printed)
        except AssertionError:
            raise AssertionError(f"{beginnings} do not come: {self.out.all()}") from None

    def stop(self):
        """Ends Java, whose exit code tells nothing."""
        self.kill()


@pytest.fixture
def listening(lab, classes):
    """Starts clients that listen, and ends them."""
    return lambda *arguments, **options: lab.enter_context(
        Listening(classes, *arguments, **options))
