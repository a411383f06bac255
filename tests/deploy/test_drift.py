"""`template.yaml` and `terraform/` make the same: what one has, the other has, with the same numbers and rights."""

import collections
import json
import re
import unittest

from stack import blocks, deployed, local, module, of_type, template

SAME = {
    "AWS::CloudWatch::Alarm": "aws_cloudwatch_metric_alarm",
    "AWS::DynamoDB::Table": "aws_dynamodb_table",
    "AWS::Events::Rule": "aws_cloudwatch_event_rule",
    "AWS::IAM::Role": "aws_iam_role",
    "AWS::KMS::Alias": "aws_kms_alias",
    "AWS::KMS::Key": "aws_kms_key",
    "AWS::Lambda::EventInvokeConfig": "aws_lambda_function_event_invoke_config",
    "AWS::Lambda::Function": "aws_lambda_function",
    "AWS::Lambda::Permission": "aws_lambda_permission",
    "AWS::Logs::LogGroup": "aws_cloudwatch_log_group",
    "AWS::Logs::ResourcePolicy": "aws_cloudwatch_log_resource_policy",
    "AWS::Logs::SubscriptionFilter": "aws_cloudwatch_log_subscription_filter",
    "AWS::SNS::Subscription": "aws_sns_topic_subscription",
    "AWS::SNS::Topic": "aws_sns_topic",
    "AWS::SNS::TopicPolicy": "aws_sns_topic_policy",
    "AWS::SQS::Queue": "aws_sqs_queue",
}
# What is part of another resource in CloudFormation.
PARTS = {"aws_iam_role_policy": "AWS::IAM::Role", "aws_cloudwatch_event_target": "AWS::Events::Rule"}

# Terraform is given the package by path, sets tags itself, and must know before it plans whether a topic is made.
ONLY_TERRAFORM = {"package", "tags", "create_topic"}

EVERYTHING = {"AlertEmail": "ops@example.com", "SlackWebhookParameter": "/w", "SlackTokenParameter": "/t", "SlackParameterKeyArn": "k"}


def expanded(kind):
    """Returns the instances of a Terraform resource type: `(key of for_each or None, body)`."""
    found = []
    for label, _, body in blocks("resource"):
        if label == kind:
            each = re.fullmatch(r"\$\{local\.(\w+)\}", body.get("for_each", ""))
            found += [(key, body) for key in local(each[1])] if each else [(None, body)]
    return found


def snake(name):
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def resource(kind):
    """Returns the body of the only resource of a type."""
    (body,) = [body for label, _, body in blocks("resource") if label == kind]
    return body


class Resources(unittest.TestCase):
    def test_both_make_as_many_of_each_kind(self):
        made = collections.Counter(each["Type"] for each in deployed(**EVERYTHING).values())
        counted = {kind: len(expanded(kind)) for kind in SAME.values()}
        self.assertEqual({SAME[kind]: count for kind, count in made.items()}, counted)
        for part, whole in PARTS.items():
            self.assertEqual(len(expanded(part)), made[whole], part)

    def test_terraform_makes_nothing_else(self):
        kinds = {label for label, _, _ in blocks("resource")}
        self.assertEqual(kinds, set(SAME.values()) | set(PARTS))


class Parameters(unittest.TestCase):
    def setUp(self):
        self.parameters = {snake(name): each for name, each in template()["Parameters"].items()}
        self.variables = {name: body for each in module()["variable"] for name, body in each.items()}

    def test_both_ask_for_the_same(self):
        self.assertEqual(set(self.parameters), set(self.variables) - ONLY_TERRAFORM)

    def test_with_the_same_defaults_and_words(self):
        for name, parameter in self.parameters.items():
            variable = self.variables[name]
            self.assertEqual(variable.get("default"), parameter.get("Default"), name)
            if name not in ("architecture", "existing_topic_arn"):
                self.assertEqual(variable["description"].rstrip("."), parameter["Description"], name)

    def test_both_answer_the_same(self):
        outputs = {name for each in module()["output"] for name in each}
        self.assertEqual({snake(name) for name in template()["Outputs"]}, outputs)


def template_alarms():
    """Returns what makes an alarm, by the end of its name."""
    alarms = {}
    for each in of_type(deployed(), "AWS::CloudWatch::Alarm").values():
        metrics = [part["MetricStat"] for part in each.get("Metrics", []) if "MetricStat" in part]
        one = metrics[0] if metrics else each
        metric = one.get("Metric", one)
        alarms[each["AlarmName"].replace("logq-staging-", "")] = (
            each["AlarmDescription"], metric["Namespace"], metric["MetricName"], one.get("Stat") or one["Statistic"],
            one["Period"], each["EvaluationPeriods"], each.get("DatapointsToAlarm", each["EvaluationPeriods"]), each["Threshold"], each["ComparisonOperator"], each["TreatMissingData"],
            len(metrics), [part["Expression"] for part in each.get("Metrics", []) if "Expression" in part],
        )
    return alarms


def module_alarms():
    """Returns the same of the module, `each.value` looked up in the table that `for_each` names."""
    alarms = {}
    for key, body in expanded("aws_cloudwatch_metric_alarm"):
        each = {**local("alarms"), **local("delivery_alarms")}.get(key, {})

        def value(text):
            if looked_up := re.fullmatch(r'\$\{lookup\(each\.value, "(\w+)", (?:each\.value\.)?(\w+)\)\}', str(text)):
                name, default = looked_up.groups()
                return each.get(name, int(default) if default.isdigit() else each.get(default))
            return each[text[len("${each.value."):-1]] if str(text).startswith("${each.value.") else text

        queries = [query["metric_query"]["content"][0] for query in body.get("dynamic", [])]
        one = {**body, **queries[0]["metric"][0]} if queries else body
        name = body["alarm_name"].replace("${local.name}-", "").replace("${each.key}", key or "")
        alarms[name] = (
            value(body["alarm_description"]), value(one["namespace"]), value(one["metric_name"]),
            value(one["stat"] if queries else one["statistic"]), value(one["period"]),
            value(body["evaluation_periods"]), value(body.get("datapoints_to_alarm", body["evaluation_periods"])),
            value(body["threshold"]), body["comparison_operator"], body["treat_missing_data"],
            len(local("subscriptions")) if queries else 0,
            [query["expression"] for query in body.get("metric_query", [])],
        )
    return alarms


class Alarms(unittest.TestCase):
    maxDiff = None

    def test_both_watch_the_same(self):
        self.assertEqual(template_alarms(), module_alarms())

    def test_every_alarm_of_terraform_has_actions(self):
        for _, body in expanded("aws_cloudwatch_metric_alarm"):
            self.assertEqual([body["alarm_actions"], body["ok_actions"]], [["${local.alarm_topic_arn}"]] * 2)


def module_statements(name):
    """Returns Sid, actions and keys of the conditions of a policy document of the module."""
    (body,) = [body for _, label, body in blocks("data") if label == name]
    found = body.get("statement", [])
    found = found + [each["statement"]["content"][0] for each in body.get("dynamic", [])]
    return {each["sid"]: (sorted(each["actions"]), sorted(key["variable"] for key in each.get("condition", []))) for each in found}


def template_statements(document):
    found = {}
    for each in document["Statement"]:
        actions = each["Action"] if isinstance(each["Action"], list) else [each["Action"]]
        keys = [key for test in each.get("Condition", {}).values() for key in test]
        found[each["Sid"]] = (sorted(actions), sorted(keys))
    return found


class Rights(unittest.TestCase):
    def test_of_the_function(self):
        found = {}
        for parameters in (EVERYTHING, {**EVERYTHING, "ExistingTopicArn": "t", "ExistingTopicKeyArn": "k"}):
            (policy,) = deployed(**parameters)["Role"]["Properties"]["Policies"]
            found.update(template_statements(policy["PolicyDocument"]))
        self.assertEqual(found, module_statements("logq"))

    def test_of_alarms_and_of_the_task_events(self):
        resources = deployed()
        documents = {
            "topic_key": resources["TopicKey"]["Properties"]["KeyPolicy"],
            "topic": resources["TopicPolicy"]["Properties"]["PolicyDocument"],
            "task_events": json.loads(resources["TaskEventsLogPolicy"]["Properties"]["PolicyDocument"]),
        }
        for name, document in documents.items():
            self.assertEqual(template_statements(document), module_statements(name), name)

    def test_of_who_may_invoke(self):
        made = of_type(deployed(), "AWS::Lambda::Permission").values()
        principals = collections.Counter(each["Principal"].replace("ap-northeast-1", "${local.region}") for each in made)
        counted = collections.Counter(body["principal"] for _, body in expanded("aws_lambda_permission"))
        self.assertEqual(principals, counted)


class Function(unittest.TestCase):
    def test_both_set_the_same_variables(self):
        names = set(deployed(**EVERYTHING, SlackChannel="c")["Function"]["Properties"]["Environment"]["Variables"])
        self.assertEqual(names, set(re.findall(r"(LOGQ_\w+) =", local("environment"))))

    def test_both_have_the_same_limits(self):
        resources = deployed()
        function, module_function = resources["Function"]["Properties"], resource("aws_lambda_function")
        (invoke,) = of_type(resources, "AWS::Lambda::EventInvokeConfig").values()
        module_invoke = resource("aws_lambda_function_event_invoke_config")
        for ours, theirs in (
            (function["Runtime"], module_function["runtime"]),
            (function["Handler"], module_function["handler"]),
            (function["Timeout"], module_function["timeout"]),
            (function["LoggingConfig"]["LogFormat"], module_function["logging_config"][0]["log_format"]),
            (invoke["MaximumRetryAttempts"], module_invoke["maximum_retry_attempts"]),
            (invoke["MaximumEventAgeInSeconds"], module_invoke["maximum_event_age_in_seconds"]),
            (resources["FailedEvents"]["Properties"]["MessageRetentionPeriod"], resource("aws_sqs_queue")["message_retention_seconds"]),
        ):
            self.assertEqual(ours, theirs)

    def test_both_pass_the_same_events(self):
        patterns = [each["FilterPattern"] for each in of_type(deployed(), "AWS::Logs::SubscriptionFilter").values()]
        written = [each["pattern"] for each in local("subscriptions").values()]
        self.assertEqual(patterns, ["", "", "", ""])
        self.assertEqual(written, ["${var.webapp_filter_pattern}", "${var.worker_filter_pattern}", "", ""])


if __name__ == "__main__":
    unittest.main()
