"""Reads the simulator with the clients that people use: whatever they take for CloudWatch Logs is close enough.

SIMULATOR names the program.
"""

import json
import os
import platform
import subprocess
import sys
import threading
import time
import unittest
from collections import Counter

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))
sys.path.insert(0, os.path.join(ROOT, "simulator"))

import boto3  # noqa: E402
import botocore.config  # noqa: E402
import botocore.exceptions  # noqa: E402
from simulated import ENVIRONMENT, Simulator  # noqa: E402

PROGRAM = os.environ.get("SIMULATOR", os.path.join(ROOT, "target", "debug", "cloudwatch-simulator"))
CLIENTS = os.path.dirname(sys.executable)
GROUP = "/ecs/shop-webapp"
ARN = "arn:aws:logs:us-east-1:123456789012:log-group:" + GROUP
FROM = 1_795_046_400_000
DAY = 86_400_000
EVENTS = 12_000
# The account is looked at a day after the events; what `--since` means is up to the clients' own clock.
SINCE = "2026-11-19T00:00:00Z"
SETTINGS = {
    "now": FROM + 2 * DAY,
    "groups": [
        {"name": GROUP, "events": EVENTS, "streams": 3, "from": FROM, "to": FROM + DAY, "message_bytes": 400}
    ],
}
WINDOW = ["--start-time", str(FROM), "--end-time", str(FROM + DAY - 1)]


class Case(unittest.TestCase):
    def setUp(self):
        self.simulator = Simulator(PROGRAM, SETTINGS)
        self.addCleanup(self.simulator.close)

    def run_client(self, program, *args, **environment):
        """Runs a client to its end and returns what it prints."""
        command = [os.path.join(CLIENTS, program), *args]
        done = subprocess.run(
            command, env=self.simulator.environment(**environment), capture_output=True, text=True, timeout=120
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def aws(self, *args, **environment):
        return json.loads(self.run_client("aws", *args, "--output", "json", **environment))

    def check_all_once(self, messages):
        """Each event says which one it is: all of them must be there, and none twice."""
        seen = Counter((record["stream"], record["n"]) for record in map(json.loads, messages))
        expected = {(stream, n) for stream in range(3) for n in range(EVENTS // 3)}
        self.assertEqual(set(seen), expected)
        self.assertEqual(max(seen.values()), 1)

    def boto(self, **config):
        keys = {
            "aws_access_key_id": ENVIRONMENT["AWS_ACCESS_KEY_ID"],
            "aws_secret_access_key": ENVIRONMENT["AWS_SECRET_ACCESS_KEY"],
        }
        config = botocore.config.Config(**{"retries": {"total_max_attempts": 10}} | config)
        url = "http://cwl.test" if config.proxies else self.simulator.url
        client = boto3.client("logs", region_name="us-east-1", endpoint_url=url, config=config, **keys)
        self.addCleanup(client.close)
        return client


class AwsCli(Case):
    def test_filter_log_events_reads_each_event_once(self):
        # A call reads less than a page holds, and half of them are empty.
        faults = [{"kind": "empty_page", "every": 2, "from": 2}]
        self.simulator.behave(page={"scan_events": 1000}, faults=faults)
        answer = self.aws("logs", "filter-log-events", "--log-group-name", GROUP, *WINDOW)
        self.check_all_once(event["message"] for event in answer["events"])
        self.assertEqual(self.simulator.summary()["FilterLogEvents"]["calls"], 12 + 11)

    def test_a_pattern_is_for_the_service_to_evaluate(self):
        pattern = '{ $.levelname = "ERROR" && $.status >= 500 }'
        answer = self.aws(
            "logs", "filter-log-events", "--log-group-name", GROUP, *WINDOW, "--filter-pattern", pattern
        )
        levels = {json.loads(event["message"])["levelname"] for event in answer["events"]}
        self.assertEqual(levels, {"ERROR"})

    def test_throttling_is_waited_out(self):
        self.simulator.behave(quotas={"FilterLogEvents": 2}, page={"events": 2000})
        answer = self.aws("logs", "filter-log-events", "--log-group-name", GROUP, *WINDOW)
        self.check_all_once(event["message"] for event in answer["events"])
        self.assertGreater(self.simulator.summary()["FilterLogEvents"]["over_quota"], 0)

    def test_the_account_is_told(self):
        self.assertEqual(self.aws("sts", "get-caller-identity")["Account"], "123456789012")
        (group,) = self.aws("logs", "describe-log-groups")["logGroups"]
        self.assertEqual(group["logGroupArn"], ARN)
        streams = self.aws("logs", "describe-log-streams", "--log-group-name", GROUP, "--max-items", "2")
        self.assertEqual(len(streams["logStreams"]), 2)

    def test_start_live_tail_prints_what_comes(self):
        # The host's prefix makes a name that only a proxy can reach.
        self.simulator.behave(live_tail={"tick_ms": 100, "session_ms": 4000})
        arguments = ["logs", "start-live-tail", "--log-group-identifiers", ARN]
        with writing(self.simulator):
            printed = self.run_client(
                "aws", *arguments, AWS_ENDPOINT_URL="http://cwl.test", HTTP_PROXY=self.simulator.url
            )
        self.assertIn("SessionTimeoutException", printed)
        numbers = [int(line.split()[1]) for line in printed.splitlines() if line.startswith("line ")]
        # It took a moment to start; from then on none is missing.
        self.assertGreater(len(numbers), 10)
        self.assertEqual(numbers, list(range(numbers[0], numbers[0] + len(numbers))))


@unittest.skipUnless(platform.machine() == "x86_64", "the package has the program for one processor")
class SecondAwsCli(Case):
    def test_tail_reads_each_event_once(self):
        self.simulator.behave(page={"scan_events": 1500})
        printed = self.run_client(
            "../aws-v2", "logs", "tail", GROUP, "--since", SINCE, "--format", "short", "--color", "off"
        )
        self.check_all_once(line.split(" ", 1)[1] for line in printed.splitlines())


class AwsLogs(Case):
    def test_get_reads_each_event_once(self):
        # It takes a token that comes again for another page, and knows an event that comes again by its id.
        faults = [{"kind": "repeat_token", "every": 3, "from": 2}, {"kind": "repeat_page", "every": 3, "from": 4}]
        self.simulator.behave(page={"events": 900}, faults=faults)
        printed = self.run_client(
            "awslogs", "get", GROUP, "ALL", "-s", SINCE, "-G", "-S", "--aws-endpoint-url", self.simulator.url
        )
        self.check_all_once(printed.splitlines())

    def test_groups_and_streams_are_listed(self):
        url = ["--aws-endpoint-url", self.simulator.url]
        self.assertEqual(self.run_client("awslogs", "groups", *url).split(), [GROUP])
        self.assertEqual(len(self.run_client("awslogs", "streams", GROUP, "-s", SINCE, *url).split()), 3)


class Boto(Case):
    def test_streams_are_read_to_the_token_that_comes_again(self):
        self.simulator.behave(page={"events": 700})
        client = self.boto()
        messages = []
        for stream in client.describe_log_streams(logGroupName=GROUP)["logStreams"]:
            request = {"logGroupName": GROUP, "logStreamName": stream["logStreamName"], "startFromHead": True}
            while True:
                page = client.get_log_events(**request)
                messages += [event["message"] for event in page["events"]]
                if page["nextForwardToken"] == request.get("nextToken"):
                    break
                request["nextToken"] = page["nextForwardToken"]
        self.check_all_once(messages)

    def test_a_repeated_token_is_an_error_of_its_paginator(self):
        self.simulator.behave(page={"events": 900}, faults=[{"kind": "repeat_token", "from": 3, "times": 1}])
        pages = self.boto().get_paginator("filter_log_events").paginate(logGroupName=GROUP)
        with self.assertRaisesRegex(botocore.exceptions.PaginationError, "The same next token was received twice"):
            list(pages)

    def test_live_tail_goes_through_a_proxy(self):
        self.simulator.behave(live_tail={"tick_ms": 100, "session_ms": 1500})
        client = self.boto(proxies={"http": self.simulator.url})
        stream = client.start_live_tail(logGroupIdentifiers=[ARN], logEventFilterPattern="line")["responseStream"]
        lines, kinds = [], Counter()
        with writing(self.simulator), self.assertRaisesRegex(
            botocore.exceptions.EventStreamError, "SessionTimeoutException"
        ):
            for event in stream:
                kinds.update(event.keys())
                update = event.get("sessionUpdate", {})
                lines += [result["message"] for result in update.get("sessionResults", [])]
        stream.close()
        self.assertEqual(kinds["sessionStart"], 1)
        self.assertGreater(kinds["sessionUpdate"], 5)
        self.assertEqual(lines[:3], ["line 0", "line 1", "line 2"])

    def test_a_query_is_started_and_its_results_read(self):
        client = self.boto()
        query = client.start_query(
            logGroupName=GROUP,
            startTime=FROM // 1000,
            endTime=(FROM + DAY) // 1000,
            queryString="filter stream = 2 | stats count(*) as n by stream",
        )
        answer = client.get_query_results(queryId=query["queryId"])
        self.assertEqual(answer["status"], "Complete")
        row = {field["field"]: field["value"] for field in answer["results"][0]}
        self.assertEqual(row, {"stream": "2", "n": str(EVENTS // 3)})


class writing:
    """Writes a line into the group now and then, as long as it is open."""

    def __init__(self, simulator):
        self.simulator, self.over = simulator, threading.Event()
        self.thread = threading.Thread(target=self.write)

    def write(self):
        now, number = SETTINGS["now"], 0
        start = time.monotonic()
        while not self.over.wait(0.1):
            at = now + int((time.monotonic() - start) * 1000)
            self.simulator.put(GROUP, "live", [(at, f"line {number}")])
            number += 1

    def __enter__(self):
        self.thread.start()

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()


if __name__ == "__main__":
    unittest.main()
