"""The permissions of docs/aws.md are those of the calls that the command line makes, on what AWS allows them on."""

import json
import re
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

GROUP, STREAM, ALL, TABLE = "log group", "log stream", "`*`", "the stage's table"

# What each operation of the SDK may be allowed on, as AWS's Service Authorization Reference has it.
OPERATIONS = {
    "delete_query_definition": ("logs:DeleteQueryDefinition", ALL),
    "describe_log_groups": ("logs:DescribeLogGroups", ALL),
    "describe_log_streams": ("logs:DescribeLogStreams", GROUP),
    "describe_query_definitions": ("logs:DescribeQueryDefinitions", ALL),
    "filter_log_events": ("logs:FilterLogEvents", GROUP),
    "get_log_events": ("logs:GetLogEvents", STREAM),
    "get_query_results": ("logs:GetQueryResults", GROUP),
    "put_query_definition": ("logs:PutQueryDefinition", ALL),
    "start_live_tail": ("logs:StartLiveTail", GROUP),
    "start_query": ("logs:StartQuery", GROUP),
    "stop_query": ("logs:StopQuery", ALL),
}
# What the functions of src/state/silence.rs do with the table.
STORE = {
    r"\bstore\.list\(": "dynamodb:Query",
    r"\bstore\.get\(": "dynamodb:BatchGetItem",
    r"\bWrite::put\(": "dynamodb:PutItem",
    r"\bWrite::Delete\b": "dynamodb:DeleteItem",
}
LEVELS = {**dict(OPERATIONS.values()), **dict.fromkeys(STORE.values(), TABLE)}
# Anybody may ask for it.
FREE = {"get_caller_identity"}
# What is asked of a client or its configuration, and not of the service.
NO_CALLS = {"config", "region", "endpoint_url", "credentials_provider"}
PAGE = (ROOT / "docs" / "aws.md").read_text()


def sources():
    """Returns the texts of the modules with which the command line talks to AWS, without their tests."""
    files = [*(ROOT / "src" / "cloudwatch").rglob("*.rs"), *(ROOT / "src" / "cli").rglob("*.rs")]
    files = [file for file in files if file.stem not in ("tests", "scripted")]
    return [file.read_text().split("#[cfg(test)]\nmod tests {")[0] for file in files]


def called():
    """Returns the actions of the calls; an operation that no table here knows is an error."""
    actions = set()
    for text in sources():
        direct = set(re.findall(r"\bsdk(?:\(\))?\s*\.(\w+)\(\)", text)) - NO_CALLS
        known = {name for name in OPERATIONS if re.search(rf"\.{name}\(\)", text)}
        actions |= {OPERATIONS[name][0] for name in (direct | known) - FREE}
    silence = (ROOT / "src" / "state" / "silence.rs").read_text().split("#[cfg(test)]\nmod tests {")[0]
    return actions | {action for pattern, action in STORE.items() if re.search(pattern, silence)}


def table():
    """Returns the actions of the page's table, and what each is on."""
    rows = re.findall(r"^\|[^|]*\| `((?:logs|dynamodb):\w+)` \| ([^|]+?) \|$", PAGE, re.MULTILINE)
    return set(rows)


def statements():
    """Returns the statements of all policies of the page."""
    policies = [json.loads(text) for text in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)]
    return [statement for policy in policies for statement in policy["Statement"]]


def listed(value):
    return [value] if isinstance(value, str) else value


def allowed():
    return {action for statement in statements() for action in listed(statement["Action"])}


class Permissions(unittest.TestCase):
    def test_every_call_is_in_the_table_and_in_a_policy_and_nothing_else(self):
        documented = {action for action, _ in table()}
        self.assertEqual(called(), documented)
        self.assertEqual(documented, allowed())

    def test_the_table_says_what_aws_allows_each_action_on(self):
        self.assertEqual({(action, LEVELS[action]) for action, _ in table()}, table())

    def test_the_policies_allow_each_action_on_that(self):
        for statement in statements():
            for action in listed(statement["Action"]):
                for resource in listed(statement["Resource"]):
                    with self.subTest(action=action, resource=resource):
                        self.assertRegex(resource, self.resource(LEVELS[action]))

    @staticmethod
    def resource(level):
        account = r"[\w-]+:\d{12}"
        return {
            ALL: r"^\*$",
            # A star at the end stands for the streams, too.
            GROUP: rf"^arn:aws:logs:{account}:log-group:/\S+\*$",
            STREAM: rf"^arn:aws:logs:{account}:log-group:/\S+\*$",
            TABLE: rf"^arn:aws:dynamodb:{account}:table/\S+$",
        }[level]

    def test_the_calls_are_found(self):
        self.assertLessEqual({"logs:FilterLogEvents", "logs:PutQueryDefinition", "dynamodb:PutItem"}, called())


if __name__ == "__main__":
    unittest.main()
