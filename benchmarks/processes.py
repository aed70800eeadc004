# SPDX-License-Identifier: Apache-2.0
"""What the kernel tells of running processes, and how to wait for them."""
import os
import resource
import socket
import time

TICKS = os.sysconf("SC_CLK_TCK")


def family(pid):
    """A process and its children."""
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        return [pid, *(int(p) for p in file.read().split())]


def cpu_seconds(*pids):
    """User and system time of processes and their children, in seconds."""
    total = 0
    for pid in pids:
        for p in family(pid):
            with open(f"/proc/{p}/stat", encoding="ascii") as file:
                fields = file.read().rsplit(")", 1)[1].split()
            total += int(fields[11]) + int(fields[12])
    return total / TICKS


def rss_bytes(pid):
    total = 0
    for p in family(pid):
        with open(f"/proc/{p}/status", encoding="ascii") as file:
            for line in file:
                if line.startswith("VmRSS"):
                    total += int(line.split()[1]) * 1024
    return total


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_for(port, path, headers="", wanted=b" 200 ", seconds=60):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            with socket.create_connection(("127.0.0.1", port), 1) as s:
                s.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{headers}\r\n".encode())
                if wanted in s.recv(4096).split(b"\r\n")[0] + b" ":
                    return
        except OSError:
            time.sleep(0.005)
    raise SystemExit(f"bench: nothing good on port {port}{path}")


def raise_file_limit():
    """How many files a process may have open from now on: of this one, and of those it starts."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard if hard != resource.RLIM_INFINITY else 1 << 20


def connections(port, count, request, until):
    """As many connections, each after one request whose answer has come up to some bytes."""
    made = []
    for _ in range(count):
        s = socket.create_connection(("127.0.0.1", port))
        s.sendall(request)
        got = b""
        while until not in got:
            more = s.recv(4096)
            got += more
            if not more or not got.startswith(b"HTTP/1.1 2"):
                raise SystemExit(f"bench: not the answer that was expected:\n{got.decode('latin-1')}")
        made.append(s)
    return made


def bytes_each(server, count, request, until=b"\r\n\r\n"):
    """Process memory that each of `count` connections takes which stay open after one request."""
    warm = connections(server.port, 100, request, until)
    before = rss_bytes(server.pid)
    held = connections(server.port, count, request, until)
    after = rss_bytes(server.pid)
    for s in warm + held:
        s.close()
    return (after - before) / count
