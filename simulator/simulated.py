"""Starts the simulator of CloudWatch Logs for Python programs, and reads what was asked of it."""

import json
import os
import subprocess
import tempfile
import urllib.request

# Nothing of the machine's own: clients find these credentials and look for no others.
ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "AKIASIMULATED",
    "AWS_SECRET_ACCESS_KEY": "none",
    "AWS_REGION": "us-east-1",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_PAGER": "",
    # Each service's own retries, as many as it takes.
    "AWS_MAX_ATTEMPTS": "10",
}


class Simulator:
    """A running simulator; it ends when this process does."""

    def __init__(self, program, settings):
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            json.dump(settings, file)
            file.flush()
            self.process = subprocess.Popen(
                [program, "--config", file.name], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
            self.url = self.process.stdout.readline().strip()
        if not self.url:
            raise RuntimeError(f"{program} does not start")

    def environment(self, **more):
        """Returns the environment in which a client finds the simulator."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        return kept | ENVIRONMENT | {"AWS_ENDPOINT_URL": self.url} | more

    def behave(self, **behaviour):
        """Changes how the service behaves; what is not named is as by default."""
        self.ask("PUT", "/_behaviour", behaviour)

    def put(self, group, stream, events):
        """Writes events: pairs of a timestamp and a message."""
        lines = [
            {"logGroupName": group, "logStreamName": stream, "timestamp": timestamp, "message": message}
            for timestamp, message in events
        ]
        self.ask("POST", "/_events", *lines)

    def journal(self):
        """Returns each call with its answer."""
        return self.ask("GET", "/_journal")["calls"]

    def summary(self):
        """Returns what the calls come to, by action."""
        return self.ask("GET", "/_summary")

    def forget(self):
        """Empties the journal."""
        self.ask("DELETE", "/_journal")

    def ask(self, method, path, *lines):
        body = "\n".join(json.dumps(line) for line in lines).encode()
        request = urllib.request.Request(self.url + path, data=body or None, method=method)
        # A proxy of the environment must not come between.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=30) as answer:
            return json.load(answer)

    def close(self):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait(10)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
