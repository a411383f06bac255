"""Writes the benchmark's input: python-json-logger lines of a rental-booking application, always the same ones.

97 % INFO, 2 % WARNING, 1 % ERROR, half of the errors with a traceback; beside FILE it leaves FILE.truth.json, the
right answers as they are known while writing, and FILE.gz.
"""

import collections
import gzip
import json
import random
import shutil
import sys
import time

LOGGERS = (
    "http.access booking.sync booking.api booking.webhook payment.stripe calendar.ical calendar.push auth.session "
    "worker.scheduler db.pool cache.redis pricing.engine search.index mail.sender booking.audit payment.refund "
    "property.import guest.messaging metrics.flush storage.s3"
).split()
MESSAGES = (
    "synced %d reservations of property %d",
    "GET /api/properties/%d/rates?from=2026-03-%02d 200",
    'calendar accepted, etag="%d" property=%d',
    "cache answered %d of %d keys",
    "チェックイン案内を送信しました %d/%d",
    "retry %d scheduled, last status was ERROR_TIMEOUT for %d",
)
ERRORS = ("property %d not synced: upstream said 5%02d", "payment %d refused for guest %d")
WEEK = 7 * 86_400


def traceback(choose):
    lines = ["Traceback (most recent call last):"]
    for _ in range(choose.randrange(12, 20)):
        area, part = choose.choice(LOGGERS).split(".")
        lines.append(f'  File "/app/{area}/{part}.py", line {choose.randrange(900)}, in handle')
        lines.append(f'    return self.dispatch(request, timeout={choose.randrange(60)}, channel="airbnb")')
    return "\n".join([*lines, "requests.exceptions.ReadTimeout: api.example.test: read timed out"])


def record(choose, created):
    dice = choose.random()
    level, pool = ("INFO", MESSAGES) if dice < 0.97 else ("WARNING", MESSAGES) if dice < 0.99 else ("ERROR", ERRORS)
    whole = int(created)
    fields = {
        "created": round(created, 4),
        "asctime": time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(whole)) + ",%03d" % int((created - whole) * 1000),
        "levelname": level,
        "name": choose.choice(LOGGERS),
        "message": choose.choice(pool) % (choose.randrange(1000), choose.randrange(28)),
        "process": choose.randrange(4000, 4008),
        "threadName": "worker-%d" % choose.randrange(16),
        "request_id": "%032x" % choose.getrandbits(128),
    }
    if level == "ERROR" and choose.random() < 0.5:
        fields["exc_info"] = traceback(choose)
    if choose.random() < 0.7:
        fields["duration_ms"] = round(choose.lognormvariate(4.2, 1.6), 3)
        fields["status"] = choose.choice((200, 200, 201, 204, 304, 404))
    if choose.random() < 0.5:
        fields |= {"property_id": choose.randrange(100_000, 230_000), "channel": "booking"}
    if choose.random() < 0.25:
        fields["ctx"] = {"tenant": "t%d" % choose.randrange(40), "retry": False, "tags": ["a", "b"]}
    return fields


def write(path, size):
    choose = random.Random(7)
    errors = slow = written = lines = 0
    loggers = collections.Counter()
    hours = collections.defaultdict(list)
    step = WEEK / (size / 345)
    created = 1_795_000_000.0
    with open(path, "w", encoding="utf-8") as out:
        while written < size:
            created += step * (0.5 + choose.random())
            fields = record(choose, created)
            written += out.write(json.dumps(fields) + "\n")
            lines += 1
            loggers[fields["name"]] += 1
            duration = fields.get("duration_ms")
            if duration is not None:
                hours[int(fields["created"] // 3600)].append(duration)
            if fields["levelname"] == "ERROR":
                errors += 1
                slow += fields["name"].startswith("booking.") and (duration or 0) > 1000
    medians = {}
    for hour, durations in hours.items():
        durations.sort()
        medians[hour * 3600] = durations[len(durations) // 2]
    truth = {"lines": lines, "errors": errors, "slow": slow, "loggers": loggers, "medians": medians}
    with open(path + ".truth.json", "w", encoding="utf-8") as out:
        json.dump(truth, out)
    with open(path, "rb") as plain, gzip.open(path + ".gz", "wb", compresslevel=6) as packed:
        shutil.copyfileobj(plain, packed, 1 << 20)


if __name__ == "__main__":
    write(sys.argv[1], int(float(sys.argv[2])))
