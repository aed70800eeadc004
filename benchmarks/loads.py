# SPDX-License-Identifier: Apache-2.0
"""Load on servers, and what it cost them: wrk for as much as goes, h2load for a fixed rate."""
import os
import statistics
import subprocess

from processes import cpu_seconds
from report import note


def write_script(path, method, target, tokens, headers=None, body=None):
    """For wrk: each request with the next token."""
    more = "".join(f', ["{name}"] = "{value}"' for name, value in (headers or {}).items())
    with open(path, "w", encoding="ascii") as file:
        file.write("local heads = {}\n")
        for text in tokens:
            file.write(f'heads[#heads + 1] = "{text}"\n')
        file.write(f"""
local n = 0
local made = {{}}
function init(args)
  for i, text in ipairs(heads) do
    made[i] = wrk.format("{method}", "{target}", {{ ["Authorization"] = "Bearer " .. text{more} }}{f", [[{body}]]" if body else ""})
  end
end
function request()
  n = n % #made + 1
  return made[n]
end
""")


class Load:
    """One kind of request to one server. Its CPU time is that of `paid_by`, or of the server alone."""

    def __init__(self, name, server, script, wanted=200, paid_by=None):
        self.name, self.server, self.script, self.wanted = name, server, script, wanted
        self.pids = [s.pid for s in paid_by or [server]]
        self.by_cpu, self.by_clock = [], []

    def run(self, seconds):
        before = cpu_seconds(*self.pids)
        command = ["wrk", "-t1", "-c32", f"-d{seconds}s", "--timeout", "30s", "-s", self.script, f"http://127.0.0.1:{self.server.port}/"]
        out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        used = cpu_seconds(*self.pids) - before
        count = int(out.split(" requests in ")[0].split()[-1])
        bad = int(out.split("Non-2xx or 3xx responses: ")[1].split()[0]) if "Non-2xx" in out else 0
        if (bad == 0) != (self.wanted < 300) or "Socket errors" in out or count == 0 or (bad and bad != count):
            raise SystemExit(f"bench: not the answers that were expected of {self.name}:\n{out}")
        self.by_cpu.append(count / used)
        self.by_clock.append(count / seconds)

    def median(self):
        """Requests a CPU-second."""
        return statistics.median(self.by_cpu)


def alternate(loads, rounds, seconds):
    for _ in range(rounds):
        for load in loads:
            load.run(seconds)
    for load in loads:
        note(f"    {load.name}: {load.median():,.0f} requests a CPU-second,"
             f" {statistics.median(load.by_clock):,.0f} a second")


def p99_micros(server, target, token, folder, rate, seconds):
    """The 99th percentile of the time to an answer, at a rate that is kept whatever the server does."""
    log = os.path.join(folder, "h2load.log")
    clients = 32
    if os.path.exists(log):
        os.remove(log)
    subprocess.run(
        ["h2load", "--h1", f"-c{clients}", "-t1", f"--rps={rate / clients}", f"-D{seconds}", f"--log-file={log}",
         "-H", f"Authorization: Bearer {token}", f"http://127.0.0.1:{server.port}{target}"],
        capture_output=True, check=True)
    with open(log, encoding="ascii") as file:
        answers = [line.split("\t") for line in file]
    wrong = [a for a in answers if a[1] != "200"]
    if wrong or len(answers) < rate * seconds / 2:
        raise SystemExit(f"bench: {len(answers)} answers of {rate * seconds}, {len(wrong)} of them wrong")
    times = sorted(int(a[2]) for a in answers)
    return times[len(times) * 99 // 100]
