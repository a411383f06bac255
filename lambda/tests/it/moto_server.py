"""moto's server on a free port, which it prints; it ends when its standard input does.

The process that started it may be killed: the kernel then closes the pipe, and nothing is left running.
"""

import collections
import copy
import logging
import sys
import threading
import types

from moto.dynamodb import models
from moto.server import ThreadedMotoServer


def snapshot(table):
    """Copies what a transaction may have to undo: puts and deletes replace items, and change none in place."""
    copied = copy.copy(table)
    copied.items = collections.defaultdict(dict)
    for key, items in table.items.items():
        copied.items[key] = dict(items) if isinstance(items, dict) else items
    return copied


one_at_a_time = threading.Lock()
transact = models.DynamoDBBackend.transact_write_items


def transact_write_items(backend, transact_items):
    """Runs a transaction with one copy of each table, where moto makes a deep one for each write."""
    snapshots = {}

    def deepcopy(value):
        if not isinstance(value, models.Table):
            return copy.deepcopy(value)
        if value.name not in snapshots:
            snapshots[value.name] = snapshot(value)
        return snapshots[value.name]

    with one_at_a_time:
        models.copy = types.SimpleNamespace(copy=copy.copy, deepcopy=deepcopy)
        try:
            return transact(backend, transact_items)
        finally:
            models.copy = copy


models.DynamoDBBackend.transact_write_items = transact_write_items
log = logging.getLogger("werkzeug")
log.setLevel(logging.ERROR)
# What moto does not know is what some tests ask for, to see a service that fails.
log.addFilter(lambda record: "NotImplementedError" not in record.getMessage())
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
print(server.get_host_and_port()[1], flush=True)
sys.stdin.read()
