"""Times `logq` on CloudWatch Logs beside the AWS clients, on the simulator, and prints one Markdown table.

    aws.py LOGQ SIMULATOR

Run it with the Python of `.venv/aws-clients`. A day of events, the same for all: each answer is compared, message by
message, with what a reader in here finds that follows one token after the other. The bound is what pages, latency and
quota set: the fewest pages that hold the answer, one call's latency, and as many calls a second as the quota allows.
Sparse means a pattern that one event in a hundred matches, of a service that looks at 10,000 events a call.

peers     one group, 500 ms a call, 10 calls a second: everybody, dense and sparse
settings  100 and 500 ms; 5, 10 and 25 calls a second; dense and sparse; one group and six: ours beside the bound
newest    the time to the first line of the newest 20
again     the second run of a window that is over: its calls, with a cache of its own
memory    BENCH_AWS_MANY events without a quota: the most memory

BENCH_AWS_JOBS="peers settings newest again memory"   BENCH_AWS_EVENTS=2e5   BENCH_AWS_MANY=5e6
BENCH_AWS_SETTINGS="500/10/dense/1 ..." chooses some of the settings
"""

import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from dataclasses import dataclass
from datetime import datetime, timezone
from itertools import product

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "simulator"))

from simulated import Simulator  # noqa: E402

JOBS = os.environ.get("BENCH_AWS_JOBS", "peers settings newest again memory").split()
EVENTS = int(float(os.environ.get("BENCH_AWS_EVENTS", 2e5)))
MANY = int(float(os.environ.get("BENCH_AWS_MANY", 5e6)))
CLIENTS = os.path.dirname(sys.executable)
HOUR = 3_600_000
DENSE, SPARSE = '""', '{ $.levelname = "ERROR" }'


@dataclass(frozen=True)
class Setting:
    """What a run is timed under."""

    latency: int
    quota: int
    dense: bool
    groups: int

    def __str__(self):
        kind = "dense" if self.dense else "sparse"
        groups = "one group" if self.groups == 1 else f"{self.groups} groups"
        return f"{kind}, {groups}, {self.latency} ms, {self.quota} calls/s"

    @property
    def pattern(self):
        return DENSE if self.dense else SPARSE

    def behaviour(self):
        page = {} if self.dense else {"scan_events": 10_000}
        return {"latency_ms": self.latency, "quotas": {"FilterLogEvents": self.quota}, "page": page}

    def bound(self, pages):
        """The seconds that nobody can go below who keeps to the quota's pace."""
        return (pages - 1) / self.quota + self.latency / 1000


@dataclass
class Truth:
    """What is to be found, and in how many pages it comes at least."""

    answer: tuple
    pages: int


@dataclass
class Run:
    """One run of a client."""

    seconds: float
    memory: float
    right: bool
    calls: int
    refused: int
    peak: int


class Bench:
    """A simulator with the day, and what is true of it."""

    def __init__(self, programs, groups, events):
        self.logq, simulator = programs
        # A window that is over, and long enough ago that nothing arrives any more.
        self.until = int(time.time() * 1000) // HOUR * HOUR - HOUR
        self.since = self.until - 24 * HOUR
        self.groups = [f"/ecs/bench-g{number}" for number in range(groups)]
        shares = [events // groups + (number < events % groups) for number in range(groups)]
        described = [
            {"name": name, "events": share, "streams": 6, "from": self.since, "to": self.until}
            for name, share in zip(self.groups, shares)
        ]
        self.simulator = Simulator(simulator, {"groups": described})
        self.truths = {}

    def truth(self, setting):
        """Reads everything in the simplest way, once, without waiting."""
        if setting.dense not in self.truths:
            self.simulator.behave(page=setting.behaviour()["page"])
            messages, pages = [], 0
            for group in self.groups:
                request = {"logGroupName": group, "startTime": self.since, "endTime": self.until - 1}
                request["filterPattern"] = setting.pattern
                while True:
                    page = self.call("FilterLogEvents", request)
                    pages += 1
                    messages += [event["message"] for event in page["events"]]
                    if "nextToken" not in page:
                        break
                    request["nextToken"] = page["nextToken"]
            self.truths[setting.dense] = Truth(summary(messages), pages)
        return self.truths[setting.dense]

    def call(self, action, request):
        now = datetime.now(timezone.utc).strftime("%Y%m%dT%H%M%SZ")
        headers = {
            "X-Amz-Target": f"Logs_20140328.{action}",
            "Authorization": "AWS4-HMAC-SHA256 Credential=AKIASIMULATED/d/r/logs/aws4_request",
            "X-Amz-Date": now,
        }
        body = json.dumps(request).encode()
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(urllib.request.Request(self.simulator.url, body, headers)) as answer:
            return json.load(answer)

    def time(self, setting, client, truth=None):
        """Runs a client once under a setting; the answer is read after the clock stopped."""
        truth = truth or self.truth(setting)
        self.simulator.behave(**setting.behaviour())
        self.simulator.forget()
        with tempfile.TemporaryDirectory() as folder:
            command, messages = client(self, setting, folder)
            output = os.path.join(folder, "answer")
            seconds, memory, code = measure(command, output, self.simulator.environment())
            with open(output, encoding="utf-8") as file:
                right = code == 0 and summary(messages(file)) == truth.answer
        return Run(seconds, memory, right, *self.counts())

    def counts(self):
        """Returns how many calls there were, how many of them were refused, and the most in a second."""
        calls = self.simulator.summary().get("FilterLogEvents", {})
        return [calls.get(name, 0) for name in ("calls", "over_quota", "peak")]

    def config(self, folder, setting):
        """Writes a `logq.toml` with the groups and the quota, and returns its path."""
        path = os.path.join(folder, "logq.toml")
        with open(path, "w", encoding="utf-8") as file:
            file.write('[stages.bench]\nregion = "us-east-1"\n[groups]\n')
            file.writelines(f'g{number} = "/ecs/{{stage}}-g{number}"\n' for number in range(len(self.groups)))
            file.write(f"[cloudwatch.quotas]\nFilterLogEvents = {setting.quota}\n")
        return path

    def logq_command(self, folder, setting, *more):
        command = [self.logq, "filter", setting.pattern, "--config", self.config(folder, setting)]
        command += ["--source", "aws", "--endpoint-url", self.simulator.url, "-s", "bench", "-o", "ndjson"]
        for number in range(len(self.groups)):
            command += ["-t", f"g{number}"]
        return command + ["--since", iso(self.since), "--until", iso(self.until), *more]


def ours(bench, setting, folder):
    return bench.logq_command(folder, setting, "--no-cache"), of_rows


def of_rows(file):
    return (json.loads(line)["@message"] for line in file)


def filter_log_events(bench, setting, _):
    command = [os.path.join(CLIENTS, "aws"), "logs", "filter-log-events", "--log-group-name", bench.groups[0]]
    command += ["--start-time", str(bench.since), "--end-time", str(bench.until - 1), "--output", "json"]
    command += ["--filter-pattern", setting.pattern]
    return command, lambda file: (event["message"] for event in json.load(file)["events"])


def tail(bench, setting, _):
    command = [os.path.join(CLIENTS, "..", "aws-v2"), "logs", "tail", bench.groups[0], "--since", iso(bench.since)]
    command += ["--format", "short", "--color", "off", "--filter-pattern", setting.pattern]
    return command, lambda file: (line.rstrip("\n").split(" ", 1)[1] for line in file)


def awslogs(bench, setting, _):
    command = [os.path.join(CLIENTS, "awslogs"), "get", bench.groups[0], "ALL", "-G", "-S", "--color", "never"]
    command += ["-s", iso(bench.since), "-e", iso(bench.until), "-f", setting.pattern]
    command += ["--aws-endpoint-url", bench.simulator.url]
    return command, lambda file: (line.rstrip("\n") for line in file)


PEERS = {"aws logs filter-log-events": filter_log_events, "aws logs tail": tail, "awslogs get": awslogs}


def iso(milliseconds):
    return datetime.fromtimestamp(milliseconds / 1000, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def summary(messages):
    """Returns what two answers are compared by: how many, and a sum over them in one order."""
    messages = sorted(messages)
    digest = hashlib.sha256("\n".join(messages).encode())
    return len(messages), digest.hexdigest()


# A parent that is small: what a process had before it became the program counts as the program's memory.
PARENT = """
import json, os, resource, subprocess, sys, time
output, *command = sys.argv[1:]
with open(output, "wb") as file:
    start = time.monotonic()
    code = subprocess.call(command, stdin=subprocess.DEVNULL, stdout=file)
    seconds = time.monotonic() - start
print(json.dumps([seconds, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024, code]))
"""


def measure(command, output, environment):
    """Runs a command and returns its seconds, its memory in MiB and its exit code."""
    parent = [sys.executable, "-S", "-c", PARENT, output, *command]
    done = subprocess.run(parent, env=environment, capture_output=True, text=True, check=True)
    seconds, memory, code = json.loads(done.stdout)
    if code:
        sys.stderr.write(done.stderr[-2000:])
    return seconds, memory, code


def row(name, setting, bound, run, times=""):
    over = f"{run.seconds / bound:.2f}" if bound else ""
    answer = "right" if run.right else "**WRONG**"
    cells = [name, str(setting), f"{run.seconds:.2f}", f"{bound:.2f}" if bound else "", over, times]
    cells += [str(run.calls), str(run.peak), str(run.refused), f"{run.memory:.0f}" if run.memory else "", answer]
    print("| " + " | ".join(cells) + " |", flush=True)
    return run.right


def peers(programs):
    """Everybody on one group under one setting."""
    bench = Bench(programs, 1, EVENTS)
    rights = []
    for dense in (True, False):
        setting = Setting(500, 10, dense, 1)
        bound = setting.bound(bench.truth(setting).pages)
        runs = {name: bench.time(setting, client) for name, client in PEERS.items()}
        rights += [row(name, setting, bound, run) for name, run in runs.items()]
        best = min((run.seconds for run in runs.values() if run.right), default=0)
        run = bench.time(setting, ours)
        times = f"{best / run.seconds:.1f}" if run.right else ""
        rights.append(row("logq filter", setting, bound, run, times))
    bench.simulator.close()
    return all(rights)


def chosen_settings():
    named = os.environ.get("BENCH_AWS_SETTINGS", "").split()
    if not named:
        everything = product((1, 6), (True, False), (100, 500), (5, 10, 25))
        return [Setting(latency, quota, dense, groups) for groups, dense, latency, quota in everything]
    parts = [name.split("/") for name in named]
    return [Setting(int(latency), int(quota), kind == "dense", int(groups)) for latency, quota, kind, groups in parts]


def settings(programs):
    """Ours under each setting."""
    benches, rights = {}, []
    for setting in chosen_settings():
        if setting.groups not in benches:
            benches[setting.groups] = Bench(programs, setting.groups, EVENTS)
        bench = benches[setting.groups]
        bound = setting.bound(bench.truth(setting).pages)
        rights.append(row("logq filter", setting, bound, bench.time(setting, ours)))
    for bench in benches.values():
        bench.simulator.close()
    return all(rights)


def newest(programs):
    """How long the first of the newest 20 lines takes."""
    bench = Bench(programs, 1, EVENTS)
    rights = []
    for dense in (True, False):
        setting = Setting(500, 10, dense, 1)
        bench.simulator.behave(page={"events": 20})
        request = {"logGroupName": bench.groups[0], "startTime": bench.since, "endTime": bench.until - 1}
        request |= {"filterPattern": setting.pattern, "startFromHead": False}
        expected = {event["message"] for event in bench.call("FilterLogEvents", request)["events"]}
        bench.simulator.behave(**setting.behaviour())
        bench.simulator.forget()
        with tempfile.TemporaryDirectory() as folder:
            command = bench.logq_command(folder, setting, "--no-cache", "--newest", "--limit", "20", "--quiet")
            start = time.monotonic()
            process = subprocess.Popen(command, stdout=subprocess.PIPE, env=bench.simulator.environment())
            lines = [process.stdout.readline()]
            seconds = time.monotonic() - start
            lines += process.stdout.readlines()
            process.wait()
        run = Run(seconds, 0, len(lines) == 20 and set(of_rows(lines)) == expected, *bench.counts())
        rights.append(row("logq filter --limit 20, first line", setting, 3 * setting.latency / 1000, run))
    bench.simulator.close()
    return all(rights)


def again(programs):
    """What the second run of a window asks for."""
    bench = Bench(programs, 1, EVENTS)
    setting = Setting(100, 25, True, 1)
    with tempfile.TemporaryDirectory() as cache:

        def cached(bench, setting, folder):
            command = bench.logq_command(folder, setting)
            return ["env", f"XDG_CACHE_HOME={cache}", *command], of_rows

        first = row("logq filter, first run", setting, 0, bench.time(setting, cached))
        run = bench.time(setting, cached)
        second = row("logq filter, second run", setting, 0, run)
    bench.simulator.close()
    return first and second and run.calls == 0


def memory(programs):
    """How much memory many events take; the answer is counted, not kept."""
    bench = Bench(programs, 6, MANY)
    setting = Setting(0, 1000, True, 6)
    bench.simulator.behave(**setting.behaviour())
    with tempfile.TemporaryDirectory() as folder:
        output = os.path.join(folder, "answer")
        command = bench.logq_command(folder, setting, "--no-cache")
        seconds, memory, code = measure(command, output, bench.simulator.environment())
        with open(output, "rb") as file:
            right = code == 0 and sum(1 for _ in file) == MANY
    run = Run(seconds, memory, right, *bench.counts())
    bench.simulator.close()
    return row(f"logq filter, {MANY:,} events", setting, 0, run)


def main(*programs):
    print("| program | setting | seconds | bound | times the bound | times the best peer | calls | most in a second "
          "| over quota | MiB | answer |")
    print("|---|---|--:|--:|--:|--:|--:|--:|--:|--:|---|", flush=True)
    jobs = {"peers": peers, "settings": settings, "newest": newest, "again": again, "memory": memory}
    rights = [jobs[name]([os.path.abspath(program) for program in programs]) for name in JOBS]
    sys.exit(0 if all(rights) else 1)


if __name__ == "__main__":
    main(*sys.argv[1:])
