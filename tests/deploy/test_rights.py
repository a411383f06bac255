"""The function may call what its source calls, and nothing else of the same services."""

import re
import unittest

from stack import ROOT, deployed

ACTIONS = {
    "batch_get_item": "dynamodb:BatchGetItem",
    "get_log_events": "logs:GetLogEvents",
    "get_parameter": "ssm:GetParameter",
    "publish": "sns:Publish",
    "query": "dynamodb:Query",
}
# What a transaction is made of is what must be allowed.
PARTS = {
    "condition_check": "dynamodb:ConditionCheckItem",
    "delete": "dynamodb:DeleteItem",
    "put": "dynamodb:PutItem",
    "update": "dynamodb:UpdateItem",
}
SERVICES = ("dynamodb:", "logs:", "sns:", "ssm:")


def sources():
    """Returns the texts of the modules that talk to AWS."""
    files = [*(ROOT / "src" / "state").rglob("*.rs"), *(ROOT / "lambda" / "src").rglob("*.rs")]
    return [text for text in (file.read_text() for file in files) if "aws_sdk_" in text]


def called():
    """Returns the actions of the calls in the source; an operation that no table here knows is an error."""
    actions = set()
    for text in sources():
        operations = set(re.findall(r"\bclient(?:\(\)(?:\s*\.await)?)?\s*\.(\w+)\(\)", text))
        if "transact_write_items" in operations:
            operations.remove("transact_write_items")
            actions |= {PARTS[part] for part in re.findall(r"\bbuilder\.(\w+)\(\s*\w+::builder\(\)", text)}
        actions |= {ACTIONS[operation] for operation in operations}
    return actions


def allowed():
    """Returns what the policy allows of these services, but for the log that Lambda itself writes."""
    (policy,) = deployed(SlackWebhookParameter="/w", SlackTokenParameter="/t")["Role"]["Properties"]["Policies"]
    actions = set()
    for each in policy["PolicyDocument"]["Statement"]:
        if each["Sid"] != "WriteOwnLog":
            actions |= {each["Action"]} if isinstance(each["Action"], str) else set(each["Action"])
    return {action for action in actions if action.startswith(SERVICES)}


class Rights(unittest.TestCase):
    def test_what_is_called_is_allowed_and_nothing_else(self):
        self.assertEqual(called(), allowed())

    def test_the_calls_are_found(self):
        self.assertLessEqual({"dynamodb:BatchGetItem", "dynamodb:PutItem", "sns:Publish"}, called())


if __name__ == "__main__":
    unittest.main()
