# SPDX-License-Identifier: Apache-2.0
"""The servers that are measured, each started in a folder of its own."""
import os
import secrets
import shutil
import signal
import sqlite3
import subprocess
import time
import uuid
import zlib
from hashlib import sha256

from processes import free_port, wait_for

HERE = os.path.dirname(os.path.abspath(__file__))
DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def program(name):
    return os.path.join(os.environ["REMIT_BUILD"], "benchmarks", name)


# -- tokens, as docs/tokens.md says --


def base62(number, digits):
    out = []
    for _ in range(digits):
        number, rest = divmod(number, 62)
        out.append(DIGITS[rest])
    return "".join(reversed(out))


def token_text(prefix, kind="pat"):
    head = f"{prefix}_{kind}_{base62(int.from_bytes(secrets.token_bytes(30), 'big'), 41)}"
    return head + base62(zlib.crc32(head.encode()), 6)


# -- servers --


class Server:
    process = None
    pid = 0

    def launch(self, *command, **options):
        self.process = subprocess.Popen(command, stderr=subprocess.DEVNULL, **options)
        self.pid = self.process.pid

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait()


class Nginx(Server):
    """nginx with a worker for each core. `outside` stands beside its server, `inside` within it."""

    def __init__(self, folder, inside, outside="", wanted=b" 204 "):
        self.port = free_port()
        folder = os.path.join(folder, f"nginx-{self.port}")
        os.mkdir(folder)
        config = os.path.join(folder, "nginx.conf")
        with open(config, "w", encoding="ascii") as file:
            file.write(f"""
worker_processes {os.cpu_count()};
worker_rlimit_nofile 20000;
pid {folder}/nginx.pid;
error_log {folder}/nginx-error.log crit;
daemon off;
events {{ worker_connections 16384; }}
http {{
  access_log off;
  keepalive_timeout 75s;
  keepalive_requests 1000000000;
  client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  {outside}
  server {{ listen 127.0.0.1:{self.port} reuseport backlog=16384; {inside} }}
}}
""")
        self.launch(shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin"), "-c", config)
        wait_for(self.port, "/", wanted=wanted)


class Upstream(Server):
    """upstream.c."""

    def __init__(self):
        self.port = free_port()
        self.launch(program("bench_upstream"), f"127.0.0.1:{self.port}", stdout=subprocess.DEVNULL)
        wait_for(self.port, "/")


class Remit(Server):
    """One API, with a number of live tokens put straight into its database."""

    def __init__(self, folder, api, profile, tokens, settings="", sample=10000):
        """`api`: what remit.yaml says of it beside its profile; `profile`: that, as text."""
        self.folder, self.port = os.path.join(folder, "remit"), free_port()
        os.mkdir(self.folder)
        self.binary = os.path.join(os.environ["REMIT_BUILD"], "remit")
        self.config = os.path.join(self.folder, "remit.yaml")
        self.name = next(line.split()[1] for line in profile.splitlines() if line.startswith("profile:"))
        with open(self.config, "w", encoding="ascii") as file:
            file.write(f"""listen: 127.0.0.1:{self.port}
public_url: http://127.0.0.1:{self.port}
store: sqlite:remit.db
secrets_key: file:secrets.key
{settings}
apis:
  {self.name}: {{ profile: {self.folder}/profile.yaml, {api} }}
""")
        with open(os.path.join(self.folder, "profile.yaml"), "w", encoding="utf-8") as file:
            file.write(profile)
        self.cli("store", "migrate")
        self.cli("user", "add", "bench@example.com")
        self.texts = self.fill(tokens, sample)

    def cli(self, *args, stdin=None):
        done = subprocess.run([self.binary, *args, "--config", self.config], input=stdin, capture_output=True, text=True,
                              check=False)
        if done.returncode != 0:
            raise SystemExit(f"bench: remit {' '.join(args)}:\n{done.stderr}{done.stdout}")
        return done.stdout

    def fill(self, count, sample):
        """Copies one token, made by the command line, `count` times with digests of its own."""
        made = self.cli("token", "create", "--api", self.name, "--user", "bench@example.com", "--name", "first",
                        "--preset", "read-only")
        prefix = made.strip().split("_")[0]
        db = sqlite3.connect(os.path.join(self.folder, "remit.db"))
        db.execute("PRAGMA synchronous=OFF")
        columns = [c[1] for c in db.execute("PRAGMA table_info(tokens)")]
        first = dict(zip(columns, db.execute("SELECT * FROM tokens").fetchone()))
        texts = []

        def each():
            for n in range(count):
                if n < sample:
                    texts.append(token_text(prefix))
                    digest = sha256(texts[-1].encode()).digest()
                else:
                    digest = os.urandom(32)
                fresh = uuid.uuid4()
                new = dict(first, id=fresh.bytes if isinstance(first["id"], bytes) else str(fresh), digest=digest,
                           name=f"token {n}", number=None)
                yield tuple(new[c] for c in columns)

        marks = ",".join("?" * len(columns))
        db.executemany(f"INSERT INTO tokens({','.join(columns)}) VALUES ({marks})", each())
        db.commit()
        db.close()
        return texts

    def start(self):
        """Seconds until it is ready."""
        began = time.monotonic()
        self.launch(self.binary, "serve", "--config", self.config)
        wait_for(self.port, "/readyz")
        return time.monotonic() - began
