# SPDX-License-Identifier: Apache-2.0
"""Real proxies in front of an API that echoes, with Remit as their judge; each runs the very files of integrations/,
with nothing changed but addresses, ports and the API's name."""
import atexit
import http.server
import json
import os
import shutil
import socket
import subprocess
import tempfile
import threading
import time

from harness import SOURCE, free_port


class Echo(http.server.BaseHTTPRequestHandler):
    """The API behind: answers what it got. Whatever came here was let through."""
    protocol_version = "HTTP/1.1"
    seen = []

    def answer(self):
        length = int(self.headers.get("Content-Length") or 0)
        got = {"method": self.command, "target": self.path, "headers": [[n.lower(), v] for n, v in self.headers.items()],
               "body": self.rfile.read(length).decode()}
        Echo.seen.append(got)
        body = json.dumps(got).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = answer

    def log_message(self, *_):
        pass


class EchoServer(http.server.ThreadingHTTPServer):
    def handle_error(self, *_):
        pass  # a proxy that closes its connections


def start_echo():
    server = EchoServer(("127.0.0.1", 0), Echo)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_address[1]


class Proxy:
    """One running proxy."""

    def __init__(self, name, remit_port, api_port, api):
        self.name = name
        self.port = free_port()
        self.folder = tempfile.mkdtemp(prefix=f"remit-{name}-")
        atexit.register(shutil.rmtree, self.folder, True)
        self.places = {":8080": f":{self.port}", "127.0.0.1:8787": f"127.0.0.1:{remit_port}",
                       "127.0.0.1:3000": f"127.0.0.1:{api_port}", "/gate/forward/mine": f"/gate/forward/{api}"}
        command = getattr(self, "prepare_" + name)()
        self.log = open(os.path.join(self.folder, "log"), "wb")
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log,
                                        cwd=self.folder, env={**os.environ, "HOME": self.folder})
        atexit.register(self.stop)
        self.wait()

    def derive(self, path):
        """The integration's file with this run's places; each of them must stand in it where it is meant."""
        with open(os.path.join(SOURCE, "integrations", self.name, path), encoding="utf-8") as file:
            text = file.read()
        for ours, theirs in self.places.items():
            if path.endswith(".lua"):
                break
            assert ours in text, f"{path} does not name {ours}"
            text = text.replace(ours, theirs)
        with open(os.path.join(self.folder, path), "w", encoding="utf-8") as file:
            file.write(text)
        return os.path.join(self.folder, path)

    def prepare_nginx(self):
        included = self.derive("remit.conf")
        main = os.path.join(self.folder, "nginx.conf")
        temporary = "".join(f"{kind}_temp_path {self.folder}/{kind};" for kind in
                            ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        user = "user root;" if os.geteuid() == 0 else ""
        with open(main, "w", encoding="utf-8") as file:
            file.write(f"{user} daemon off; master_process off; pid {self.folder}/pid; error_log stderr;\n"
                       f"events {{}}\nhttp {{ access_log off; {temporary} include {included}; }}\n")
        return [shutil.which("nginx") or "/usr/sbin/nginx", "-p", self.folder, "-c", main, "-e", "stderr"]

    def prepare_caddy(self):
        return ["caddy", "run", "--config", self.derive("Caddyfile"), "--adapter", "caddyfile"]

    def prepare_haproxy(self):
        self.derive("remit.lua")
        return [shutil.which("haproxy") or "/usr/sbin/haproxy", "-db", "-f", self.derive("haproxy.cfg")]

    def wait(self):
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                time.sleep(0.05)
        with open(os.path.join(self.folder, "log"), encoding="utf-8", errors="replace") as file:
            raise AssertionError(f"{self.name} does not listen:\n{file.read()}")

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(timeout=30)
        self.log.close()
