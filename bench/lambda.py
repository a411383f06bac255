"""Measures the Lambda beside a plain Python handler, in one run on the same payloads, and prints one Markdown table.

    lambda.py BOOTSTRAP

Both are started as Lambda starts them and poll a Runtime API server that is in here. CPU is user and system time of
the whole process from its first poll to its last answer, memory the most that was resident at once, start the time
from the process's start to its first poll, the median of STARTS starts. The counts of both are compared with each
other and with what the generator knows before anything is printed.

The handler only decodes, parses and filters. `bootstrap` also finds the tracebacks and kinds of errors, and decides
what is told, over a store in memory; in one row it sends it too, to a server here that answers as SNS does.

BENCH_PAYLOADS=84   RUNS=3   STARTS=9
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from payloads import payloads

HERE = os.path.dirname(os.path.abspath(__file__))
PAYLOADS = int(os.environ.get("BENCH_PAYLOADS", 84))
RUNS = int(os.environ.get("RUNS", 3))
STARTS = int(os.environ.get("STARTS", 9))
SERVICES = ("webapp", "worker")
PATIENCE = 120
PUBLISHED = b"<PublishResponse><PublishResult><MessageId>m</MessageId></PublishResult></PublishResponse>"


@dataclass
class Run:
    """What one process did with the payloads."""

    cpu: dict = field(default_factory=lambda: defaultdict(float))
    start_ms: float = 0.0
    memory: float = 0.0
    answers: list = field(default_factory=list)
    printed: list = field(default_factory=list)


class Api:
    """The Runtime API for one process, and SNS for it: hands out the payloads in turn, and reads the clocks."""

    def __init__(self, waiting):
        self.waiting, self.at = waiting, 0
        self.run, self.process, self.cpu = Run(), None, 0.0
        self.polled = self.started = 0.0
        self.done, self.published = threading.Event(), 0
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (Handler,), {"api": self}))
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def address(self):
        return "127.0.0.1:%d" % self.server.server_port

    def next(self):
        """Returns the next payload; there is none after the last one."""
        now = time.monotonic()
        if not self.polled:
            self.polled = now
            self.run.start_ms = (now - self.started) * 1000
        else:
            # What an answer costs belongs to its call, and so does asking for the next one.
            self.run.cpu[self.waiting[self.at - 1].group] += self.clock() - self.cpu
        if self.at == len(self.waiting):
            self.run.memory = peak(self.process.pid)
            self.done.set()
            return None
        self.cpu = self.clock()
        self.at += 1
        return self.waiting[self.at - 1].body

    def clock(self):
        return time.clock_gettime(process_clock(self.process.pid))


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 1 << 21

    def do_GET(self):
        body = self.api.next()
        if body is None:
            time.sleep(PATIENCE)
            return
        self.answer(200, body, {
            # The handler's client does not survive an answer without a type.
            "Content-Type": "application/json",
            "Lambda-Runtime-Aws-Request-Id": "00000000-0000-4000-8000-%012d" % self.api.at,
            "Lambda-Runtime-Deadline-Ms": str(int(time.time() * 1000) + 60_000),
            "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:ap-northeast-1:111122223333:function:logq",
        })

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/":
            self.api.published += 1
            self.answer(200, PUBLISHED, {"Content-Type": "text/xml"})
            return
        if not self.path.endswith("/response"):
            sys.exit(f"lambda: {self.path}: {body.decode()}")
        self.api.run.answers.append(json.loads(body))
        self.answer(202, b"", {})

    def answer(self, status, body, headers):
        self.send_response_only(status)
        for name, value in (headers | {"Content-Length": str(len(body))}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()


def process_clock(pid):
    """The number of the clock that counts what a process uses, as `clock_getcpuclockid` makes it."""
    return (~pid << 3) | 2


def peak(pid):
    """The most memory that was resident, in MiB; `ru_maxrss` would begin with that of the process it was forked from."""
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        line = next(line for line in status if line.startswith("VmHWM:"))
    return int(line.split()[1]) / 1024


def environment(api, more):
    """What Lambda sets, and nothing else."""
    return {
        "PATH": os.environ["PATH"],
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        "AWS_LAMBDA_RUNTIME_API": api.address,
        "AWS_LAMBDA_FUNCTION_NAME": "logq",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
        "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/logq",
        "AWS_LAMBDA_LOG_STREAM_NAME": "2026/11/24/[$LATEST]0",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_REGION": "ap-northeast-1",
        "AWS_DEFAULT_REGION": "ap-northeast-1",
        "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        "AWS_SESSION_TOKEN": "token",
        "LAMBDA_TASK_ROOT": HERE,
    } | {name: value.format(api=api.address) for name, value in more.items()}


def run(command, more, waiting, end=subprocess.Popen.kill):
    """Lets a process take the payloads, and ends it when it asks for more."""
    api = Api(waiting)
    with tempfile.TemporaryFile("w+") as out:
        api.started = time.monotonic()
        api.process = subprocess.Popen(command, env=environment(api, more), cwd=HERE, stdin=subprocess.DEVNULL, stdout=out)
        try:
            until = time.monotonic() + PATIENCE
            while not api.done.wait(0.2):
                if api.process.poll() is not None or time.monotonic() > until:
                    out.seek(0)
                    sys.exit(f"lambda: {command[0]} (exit code {api.process.returncode}) has answered {len(api.run.answers)} of {len(waiting)}\n{out.read()}")
        finally:
            end(api.process)
            api.process.wait()
            api.server.shutdown()
            api.server.server_close()
        out.seek(0)
        api.run.printed = out.read().splitlines()
    return api.run


def objects(lines):
    for line in lines:
        if line.startswith("{"):
            yield json.loads(line)


def seen_by_handler(run):
    """Events and errors of all groups."""
    return tuple(sum(answer[name] for answer in run.answers) for name in ("events", "errors"))


def seen_by_logq(run):
    """Events of all groups, and errors of the services: those of a batch are told when its end is known."""
    said = [line for line in objects(run.printed) if "Events" in line]
    names = ("Alerts", "Suppressed", "Repeated")
    return sum(line["Events"] for line in said), sum(line[name] for line in said for name in names)


def check(waiting, runs):
    events = sum(payload.events for payload in waiting)
    errors = sum(payload.errors for payload in waiting)
    of_services = sum(payload.errors for payload in waiting if payload.group in SERVICES)
    wrong = [
        f"{name} saw {saw}, there are {wanted}"
        for name, saw, wanted in (
            ("the handler", seen_by_handler(runs["Python handler"]), (events, errors)),
            ("logq", seen_by_logq(runs["logq, with SNS"]), (events, of_services)),
        )
        if saw != wanted
    ]
    if wrong:
        sys.exit("lambda: " + "; ".join(wrong))
    print(
        f"{len(waiting)} payloads, {sum(len(payload.body) for payload in waiting) / 1e6:.1f} MB, {events:,} events, "
        f"{errors:,} errors, {of_services:,} of these of services: both saw all of them\n"
    )


def median(values):
    return statistics.median(values)


def rows(waiting, runs, starts):
    """One row for each program, its figures and how many times as good as the handler it is."""
    events = defaultdict(int)
    for payload in waiting:
        events["services" if payload.group in SERVICES else "batches"] += payload.events
    theirs = None
    for name, some in runs.items():
        cpu = defaultdict(float)
        for group in some[0].cpu:
            cpu["services" if group in SERVICES else "batches"] += median([run.cpu[group] for run in some])
        speed = sum(events.values()) / sum(cpu.values())
        memory, start = median([run.memory for run in some]), median(starts[name])
        theirs = theirs or (speed, memory)
        yield (
            f"| {name} | {speed / 1000:,.0f} | {events['services'] / cpu['services'] / 1000:,.0f} "
            f"| {events['batches'] / cpu['batches'] / 1000:,.0f} | {memory:.1f} | {start:.1f} "
            f"| {speed / theirs[0]:.1f} | {memory / theirs[1]:.2f} |"
        )


def commands(bootstrap):
    """What is measured: each as a command and what is added to its environment."""
    return {
        "Python handler": ([sys.executable, "-m", "awslambdaric", "lambda_handler.handler"], {}),
        "logq": ([bootstrap], {}),
        "logq, with SNS": (
            [bootstrap],
            {"LOGQ_TOPIC_ARN": "arn:aws:sns:ap-northeast-1:111122223333:logq", "AWS_ENDPOINT_URL": "http://{api}"},
        ),
    }


def main(bootstrap):
    programs = commands(bootstrap)
    waiting = list(payloads(PAYLOADS))
    # In turn, so that a busy moment hits all alike.
    turns = [{name: run(*command, waiting) for name, command in programs.items()} for _ in range(RUNS)]
    runs = {name: [turn[name] for turn in turns] for name in programs}
    begun = [{name: run(*command, []).start_ms for name, command in programs.items()} for _ in range(STARTS)]
    starts = {name: [turn[name] for turn in begun] for name in programs}
    check(waiting, turns[0])
    print("| | thousand events per CPU second | services | batches | peak MiB | start ms | times the speed | of the memory |")
    print("|---|--:|--:|--:|--:|--:|--:|--:|")
    for row in rows(waiting, runs, starts):
        print(row)


if __name__ == "__main__":
    main(os.path.abspath(sys.argv[1]))
