"""The function that `logq` is measured beside: what a team writes for a subscription in an afternoon.

It only decodes, parses and filters; it tells nobody. Lambda's own Python runtime runs it (`awslambdaric`).
"""

import base64
import gzip
import json


def handler(event, context):
    document = json.loads(gzip.decompress(base64.b64decode(event["awslogs"]["data"])))
    errors = [one["message"] for one in document["logEvents"] if is_error(one["message"])]
    return {"events": len(document["logEvents"]), "errors": len(errors)}


def is_error(message):
    try:
        record = json.loads(message)
    except ValueError:
        return message.startswith("Traceback ")
    return isinstance(record, dict) and (record.get("levelname") in ("ERROR", "CRITICAL") or "exc_info" in record)
