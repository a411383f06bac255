"""Times `logq` beside the log tools that are installed, in one run on one input, and prints one Markdown table.

    peers.py BINARY

Each job runs RUNS times (5), our binary and the peers in turn, page cache warm; the table has the median of CPU
seconds (user and system of the whole process tree), wall seconds and peak memory, and how many times as fast as
each peer we are. Every answer is checked against what the input's generator knows before its time counts.
Absolute times mean nothing on a shared machine; the ratios of one run do.

BENCH_SIZE=1e9 bytes of input   BENCH_DIR=target/bench   BENCH_JOBS="a b c d e f g cores growth"   HL=path of hl
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass

from generate import write as generate

HERE = os.path.dirname(os.path.abspath(__file__))
FOLDER = os.environ.get("BENCH_DIR", os.path.join(HERE, "..", "target", "bench"))
SIZE = float(os.environ.get("BENCH_SIZE", 1e9))
RUNS = int(os.environ.get("RUNS", 5))
JOBS = os.environ.get("BENCH_JOBS", "a b c d e f g cores growth").split()
TITLES = {
    "a": 'lines with levelname = "ERROR"',
    "b": "ERROR, name booking.*, duration_ms > 1000",
    "c": "count by name",
    "d": "p50, p95, p99 of duration_ms by hour",
    "e": "everything, pretty, in colour",
    "f": "a on gzip",
    "g": "start-up: a on 10 lines",
}
HL_CONFIG = """
fields.predefined.time.names = ["created"]
fields.predefined.logger.names = ["name"]
fields.predefined.message.names = ["message"]
[[fields.predefined.level.variants]]
names = ["levelname"]
[fields.predefined.level.variants.values]
error = ["ERROR", "CRITICAL"]
warning = ["WARNING"]
info = ["INFO"]
debug = ["DEBUG"]
"""
DUCK = """
import duckdb, sys
job, path = sys.argv[1:]
table = ("read_ndjson('%s', columns={created:'DOUBLE',levelname:'VARCHAR',name:'VARCHAR',"
         "duration_ms:'DOUBLE',message:'VARCHAR'})" % path)
error = "levelname = 'ERROR'"
slow = error + " AND starts_with(name, 'booking.') AND duration_ms > 1000"
select = {
    "a": f"SELECT * FROM {table} WHERE {error}",
    "b": f"SELECT * FROM {table} WHERE {slow}",
    "c": f"SELECT name, count(*) AS n FROM {table} GROUP BY name",
    "d": f"SELECT floor(created / 3600)::BIGINT * 3600 AS hour, approx_quantile(duration_ms, 0.5) AS p50, "
         f"approx_quantile(duration_ms, 0.95) AS p95, approx_quantile(duration_ms, 0.99) AS p99 "
         f"FROM {table} WHERE duration_ms IS NOT NULL GROUP BY 1",
}[{"f": "a", "g": "a"}.get(job, job)]
duckdb.sql(f"COPY ({select}) TO '/dev/stdout' (FORMAT json)")
"""
ERROR = """'{ $.levelname = "ERROR" }'"""
SLOW = """'{ $.levelname = "ERROR" && $.name = "booking.*" && $.duration_ms > 1000 }'"""
BY_HOUR = (
    "'filter ispresent(duration_ms) | stats pct(duration_ms, 50) as p50, pct(duration_ms, 95) as p95, "
    "pct(duration_ms, 99) as p99 by bin(1h) as hour'"
)


@dataclass
class Run:
    wall: float
    cpu: float
    memory: float


def commands(job, logq, path):
    """The command of each tool for one job, ours first; a tool that is not installed is left out."""
    file = f"'{path}'"
    ours = {
        "a": f"filter {ERROR} -o raw",
        "b": f"filter {SLOW} -o raw",
        "c": "query 'stats count(*) as n by name' -o ndjson",
        "d": f"query {BY_HOUR} -o ndjson",
        "e": "filter '' --color always",
    }[{"f": "a", "g": "a"}.get(job, job)]
    found = {"logq": f"{logq} {ours} --source {file}"}
    if job in "afg":
        if shutil.which("rg"):
            found["rg"] = f"""rg -z '"levelname": "ERROR"' {file}"""
        if shutil.which("jaq") and job != "f":
            found["jaq"] = f"""jaq -c 'select(.levelname == "ERROR")' {file}"""
    if hl := shutil.which(os.environ.get("HL", "hl")):
        hl = f"{hl} --config '{FOLDER}/hl.toml' -P"
        if job in "afg":
            found["hl"] = f"{hl} --color never -r -l error {file}"
        elif job == "b":
            query = """'levelname = ERROR and name like "booking.*" and duration_ms > 1000'"""
            found["hl"] = f"{hl} --color never -r -q {query} {file}"
        elif job == "e":
            found["hl"] = f"{hl} --color always {file}"
    if job != "e" and has_duckdb():
        found["duckdb"] = f"'{sys.executable}' '{FOLDER}/duck.py' {job} {file}"
    if shutil.which("agrind") and job == "c":
        found["agrind"] = f"agrind -f {file} '* | json | count by name' -o json"
    return found


def has_duckdb():
    try:
        import duckdb  # noqa: F401
    except ImportError:
        return False
    return True


def measure(command):
    """Runs a shell command, output to nowhere, and reads its resource use from a parent of its own."""
    timer = (
        "import os, resource, subprocess, sys, time\n"
        "start = time.monotonic()\n"
        "code = subprocess.call(['sh', '-c', sys.argv[1]], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,"
        " stderr=subprocess.DEVNULL)\n"
        "use = resource.getrusage(resource.RUSAGE_CHILDREN)\n"
        "print(time.monotonic() - start, use.ru_utime + use.ru_stime, use.ru_maxrss / 1024, code)\n"
    )
    # `exec` keeps the shell's own memory and time out of the figures.
    out = subprocess.check_output([sys.executable, "-c", timer, "exec " + command], text=True)
    wall, cpu, memory, code = map(float, out.split())
    return Run(wall, cpu, memory), int(code)


def answer_is_right(job, command, truth):
    done = subprocess.run(["sh", "-c", command], stdin=subprocess.DEVNULL, capture_output=True, check=False)
    lines = done.stdout.splitlines()
    if job in ("a", "b", "f"):
        return len(lines) == truth["slow" if job == "b" else "errors"]
    if job == "c":
        text = done.stdout.decode()
        return all(str(count) in text for count in truth["loggers"].values())
    if job == "d":
        return medians_are_right(lines, truth["medians"])
    return len(lines) >= truth["lines"] if job == "e" else True


def medians_are_right(lines, medians):
    found = sorted(float(json.loads(line)["p50"]) for line in lines)
    wanted = sorted(medians.values())
    return len(found) == len(wanted) and all(abs(f - w) <= 0.03 * w + 0.5 for f, w in zip(found, wanted))


def median_of(runs):
    return Run(*(statistics.median(getattr(run, name) for run in runs) for name in ("wall", "cpu", "memory")))


def in_turn(tools):
    """Runs all commands in turn, RUNS times, so that a busy moment hits every tool alike."""
    runs = {tool: [] for tool in tools}
    for _ in range(RUNS):
        for tool, command in tools.items():
            runs[tool].append(measure(command)[0])
    return {tool: median_of(list_of_runs) for tool, list_of_runs in runs.items()}


def job_rows(job, logq, path, truth):
    tools = commands(job, logq, path)
    right = {tool: job == "g" or answer_is_right(job, command, truth) for tool, command in tools.items()}
    medians = in_turn(tools)
    ours = medians["logq"]
    for tool, run in medians.items():
        # Start-up is what a person waits for: its ratio is of wall time.
        ratio = run.wall / ours.wall if job == "g" else run.cpu / ours.cpu
        times = "" if tool == "logq" else f"{ratio:.2f}"
        verdict = "ok" if right[tool] else "WRONG"
        yield f"| {job}. {TITLES[job]} | {tool} | {run.cpu:.3f} | {run.wall:.3f} | {run.memory:.0f} | {times} | {verdict} |"


def core_rows(logq, path):
    """Wall time on one core and on two."""
    for job in "abcd":
        command = commands(job, logq, path)["logq"]
        runs = in_turn({"one": f"taskset -c 0 {command} --threads 1", "two": f"{command} --threads 2"})
        ratio = runs["one"].wall / runs["two"].wall
        yield f"| {job} on two cores against one | logq | | {runs['two'].wall:.3f} | | {ratio:.2f} | |"


def growth_rows(logq, path):
    """CPU time for the input, against a folder that holds it ten times: ten names of one file."""
    with tempfile.TemporaryDirectory(dir=FOLDER) as folder:
        for number in range(10):
            os.link(path, os.path.join(folder, f"{number}.json"))
        for job in "ac":
            runs = in_turn({"once": commands(job, logq, path)["logq"], "ten": commands(job, logq, folder)["logq"]})
            growth = runs["ten"].cpu / runs["once"].cpu
            ten = runs["ten"]
            yield f"| {job} on ten times the input | logq | {ten.cpu:.3f} | {ten.wall:.3f} | {ten.memory:.0f} | {growth:.2f} | |"


def prepare():
    os.makedirs(FOLDER, exist_ok=True)
    path = os.path.join(FOLDER, "input.json")
    if not (os.path.exists(path + ".gz") and os.path.getsize(path) >= SIZE and os.path.getsize(path) < SIZE * 1.01):
        print(f"writing {SIZE / 1e9:.2f} GB of input to {path}", file=sys.stderr)
        generate(path, int(SIZE))
    with open(path, encoding="utf-8") as source, open(path + ".tiny", "w", encoding="utf-8") as tiny:
        tiny.writelines(source.readline() for _ in range(10))
    for name, text in (("hl.toml", HL_CONFIG), ("duck.py", DUCK)):
        with open(os.path.join(FOLDER, name), "w", encoding="utf-8") as file:
            file.write(text)
    with open(path + ".truth.json", encoding="utf-8") as file:
        return path, json.load(file)


def main(logq):
    path, truth = prepare()
    inputs = {"f": path + ".gz", "g": path + ".tiny"}
    print(f"{os.path.getsize(path) / 1e9:.2f} GB, {os.cpu_count()} cores, medians of {RUNS} on {time.strftime('%F')}\n")
    print("| job | tool | CPU s | wall s | MiB | times ours | answer |\n|---|---|--:|--:|--:|--:|---|")
    for job in JOBS:
        rows = {"cores": core_rows, "growth": growth_rows}.get(job)
        for row in rows(logq, path) if rows else job_rows(job, logq, inputs.get(job, path), truth):
            print(row, flush=True)


if __name__ == "__main__":
    main(os.path.abspath(sys.argv[1]))
