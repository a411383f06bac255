"""A function of a few lines, to try the test bed with: it does what its payload says.

    {"do": "echo", ...}                   answers the payload
    {"do": "fail"}                        answers an error
    {"do": "exit"}                        ends without an answer
    {"do": "sleep", "seconds": 9}         answers late
    {"do": "print", "out": "", "err": ""} prints, then answers
    {"do": "read", "file": ""}            answers the text of a file of the package
    {"do": "request", "url": "", "headers": {}, "body": ""}   posts, and answers status and text
"""

import json
import os
import sys
import time
import urllib.error
import urllib.request

API = "http://" + os.environ["AWS_LAMBDA_RUNTIME_API"] + "/2018-06-01/runtime/"


def post(url, body, headers=None):
    return urllib.request.urlopen(urllib.request.Request(url, body.encode(), headers or {}))


def ask(event):
    url = event["url"].replace("AWS", os.environ.get("AWS_ENDPOINT_URL", ""))
    try:
        with post(url, event["body"], event["headers"]) as response:
            return {"status": response.status, "text": response.read().decode()}
    except urllib.error.HTTPError as error:
        return {"status": error.code, "text": error.read().decode()}
    except OSError as error:
        return {"status": 0, "text": repr(error)}


def handle(event, deadline):
    if event["do"] == "fail":
        raise ValueError("as the test wants it")
    if event["do"] == "exit":
        os._exit(3)
    if event["do"] == "sleep":
        time.sleep(event["seconds"])
    if event["do"] == "print":
        print(event["out"], flush=True)
        print(event["err"], file=sys.stderr, flush=True)
    if event["do"] == "read":
        with open(os.path.join(os.environ["LAMBDA_TASK_ROOT"], event["file"])) as file:
            return file.read()
    if event["do"] == "request":
        return ask(event)
    return {"event": event, "left": deadline - time.time() * 1000, "pid": os.getpid()}


if os.environ.get("FAKE_INIT_FAILS"):
    post(API + "init/error", '{"errorType":"Init"}')
    sys.exit(1)
while True:
    with urllib.request.urlopen(API + "invocation/next") as response:
        request_id = response.headers["Lambda-Runtime-Aws-Request-Id"]
        deadline = int(response.headers["Lambda-Runtime-Deadline-Ms"])
        event = json.loads(response.read())
    try:
        kind, answer = "response", handle(event, deadline)
    except ValueError as error:
        kind, answer = "error", {"errorType": "ValueError", "errorMessage": str(error)}
    post(API + "invocation/" + request_id + "/" + kind, json.dumps(answer)).close()
