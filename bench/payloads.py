"""Writes what a subscription delivers: payloads of webapp, worker and batch groups, always the same ones but for their
times, which are those of some seconds ago: that is how old lines are when they are delivered.

The lines are those of `generate.py`, but 1 % are errors of KINDS kinds, half of these with a traceback. A payload
holds some hundreds to ten thousand events of one stream, and at most a megabyte of gzip, as CloudWatch Logs sends it.

    payloads.py FOLDER COUNT

writes so many to a folder, as GROUP-EVENTS-ERRORS-NUMBER.json.
"""

import base64
import gzip
import json
import pathlib
import random
import sys
import time
from dataclasses import dataclass

from generate import LOGGERS, record, traceback

KINDS = 36
SIZES = (300, 600, 1_200, 2_500, 5_000, 10_000)
# Of six payloads each size has one; the batches take their turn in all of them.
GROUPS = ("webapp", "webapp", "worker", "webapp", "worker", "batch", "webapp")
LARGEST = 1_000_000
START = int(time.time()) * 1000 - 20_000


@dataclass
class Payload:
    group: str
    events: int
    errors: int
    body: bytes


def kinds():
    """Each kind is a logger, a message with a number in it, and for half of them a traceback."""
    choose = random.Random(11)
    for number in range(KINDS):
        word = "".join(choose.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(8))
        error = {"name": LOGGERS[number % len(LOGGERS)], "message": f"{word} of reservation %d failed"}
        if number % 2:
            error["exc_info"] = traceback(choose)
        yield error


def message(choose, created, errors):
    fields = record(choose, created)
    fields.pop("exc_info", None)
    if fields["levelname"] == "ERROR":
        error = choose.choice(errors)
        fields |= error | {"message": error["message"] % choose.randrange(100_000)}
    return json.dumps(fields), fields["levelname"] == "ERROR"


def payload(choose, group, events, errors):
    at = START
    found, entries = 0, []
    for index in range(events):
        at += choose.randrange(3)
        text, is_error = message(choose, at / 1000, errors)
        found += is_error
        entries.append({"id": f"{at << 78 | index:056d}", "timestamp": at, "message": text})
    document = {
        "messageType": "DATA_MESSAGE",
        "owner": "111122223333",
        "logGroup": f"/ecs/production-{group}",
        "logStream": f"ecs/{group}/{choose.getrandbits(128):032x}",
        "subscriptionFilters": ["logq"],
        "logEvents": entries,
    }
    # CloudWatch Logs writes no blanks, and characters beyond ASCII as they are.
    text = json.dumps(document, separators=(",", ":"), ensure_ascii=False)
    packed = gzip.compress(text.encode(), compresslevel=6, mtime=0)
    assert len(packed) <= LARGEST, f"{events} events make {len(packed)} bytes"
    body = json.dumps({"awslogs": {"data": base64.b64encode(packed).decode()}}).encode()
    return Payload(group, events, found, body)


def payloads(count):
    choose = random.Random(7)
    errors = list(kinds())
    for number in range(count):
        size = SIZES[number % len(SIZES)]
        yield payload(choose, GROUPS[number % len(GROUPS)], size, errors)


def write(folder, count):
    folder.mkdir(parents=True, exist_ok=True)
    for number, one in enumerate(payloads(count)):
        (folder / f"{one.group}-{one.events}-{one.errors}-{number}.json").write_bytes(one.body)


if __name__ == "__main__":
    write(pathlib.Path(sys.argv[1]), int(sys.argv[2]))
