"""What must hold for the stack, whatever its parameters are."""

import json
import re
import unittest

from stack import deployed, of_type, template

TOPIC = "arn:aws:sns:ap-northeast-1:123456789012:alerts"
KEY = "arn:aws:kms:ap-northeast-1:123456789012:key/0000"
EVERYTHING = {
    "AlertEmail": "ops@example.com",
    "SlackWebhookParameter": "/logq/staging/webhook",
    "SlackTokenParameter": "/logq/staging/token",
    "SlackChannel": "#alerts",
    "SlackParameterKeyArn": KEY,
}
ELSEWHERE = {**EVERYTHING, "ExistingTopicArn": TOPIC, "ExistingTopicKeyArn": KEY, "AlarmTopicArn": TOPIC + "-ops"}
VARIANTS = ({}, EVERYTHING, ELSEWHERE)


def subscribed(resources):
    return {each["LogGroupName"] for each in of_type(resources, "AWS::Logs::SubscriptionFilter").values()}


def statements(resources):
    """Returns the statements of the function's role by their Sid."""
    (policy,) = of_type(resources, "AWS::IAM::Role")["Role"]["Policies"]
    return {each["Sid"]: each for each in policy["PolicyDocument"]["Statement"]}


def listed(value):
    return value if isinstance(value, list) else [value]


class Subscriptions(unittest.TestCase):
    def test_the_four_groups_of_the_stage_are_subscribed(self):
        groups = {"/ecs/staging-webapp", "/ecs/staging-worker", "/ecs/staging-batch", "TaskEventsLogGroup"}
        self.assertEqual(subscribed(deployed()), groups)

    def test_named_groups_take_the_place_of_the_default_ones(self):
        resources = deployed(BatchLogGroup="jobs", TasksLogGroup="/aws/events/ecs")
        self.assertIn("jobs", subscribed(resources))
        self.assertNotIn("/ecs/staging-batch", subscribed(resources))
        self.assertIn("log-group:jobs:log-stream:*", json.dumps(statements(resources)["ReadAppLogs"]))
        self.assertEqual(resources["TaskEventsLogGroup"]["Properties"]["LogGroupName"], "/aws/events/ecs")

    def test_the_own_log_group_is_never_subscribed(self):
        own = deployed()["FunctionLogGroup"]["Properties"]["LogGroupName"]
        self.assertEqual(own, "/aws/lambda/logq-staging")
        self.assertTrue(subscribed(deployed()).isdisjoint({own, "FunctionLogGroup"}))
        for service in ("Webapp", "Worker", "Batch", "Tasks"):
            pattern = template()["Parameters"][service + "LogGroup"]["AllowedPattern"]
            self.assertIsNone(re.fullmatch(pattern, own), service)
            self.assertIsNotNone(re.fullmatch(pattern, ""), service)

    def test_every_event_is_passed_by_default(self):
        filters = of_type(deployed(WebappFilterPattern="web", WorkerFilterPattern="work"), "AWS::Logs::SubscriptionFilter")
        patterns = {name: each["FilterPattern"] for name, each in filters.items()}
        expected = {"WebappSubscription": "web", "WorkerSubscription": "work", "BatchSubscription": "", "TasksSubscription": ""}
        self.assertEqual(patterns, expected)
        for service in ("Webapp", "Worker"):
            self.assertEqual(template()["Parameters"][service + "FilterPattern"]["Default"], "")

    def test_each_subscription_waits_for_a_permission_of_its_group(self):
        resources = deployed()
        for name, each in of_type(resources, "AWS::Logs::SubscriptionFilter").items():
            permission = resources[resources[name]["DependsOn"]]["Properties"]
            self.assertEqual(permission["Principal"], "logs.ap-northeast-1.amazonaws.com")
            self.assertEqual(permission["SourceAccount"], "123456789012")
            own_arn = f"arn:aws:logs:ap-northeast-1:123456789012:log-group:{each['LogGroupName']}:*"
            self.assertIn(permission["SourceArn"], (own_arn, each["LogGroupName"] + ".Arn"))


class Rights(unittest.TestCase):
    def test_no_resource_is_everything(self):
        for parameters in VARIANTS:
            for sid, each in statements(deployed(**parameters)).items():
                for resource in listed(each["Resource"]):
                    self.assertNotEqual(resource, "*", sid)
                    self.assertNotRegex(resource, r":\*/|:\*$(?<!:log-stream:\*)", sid)

    def test_no_action_is_a_pattern(self):
        for parameters in VARIANTS:
            for sid, each in statements(deployed(**parameters)).items():
                self.assertNotIn("*", "".join(listed(each["Action"])), sid)

    def test_no_managed_policy_adds_to_them(self):
        self.assertNotIn("ManagedPolicyArns", deployed()["Role"]["Properties"])

    def test_only_what_is_configured_may_be_read(self):
        base = {"WriteOwnLog", "ReadAppLogs", "KeepState", "PublishAlerts", "KeepFailedEvents"}
        slack = {"ReadSlackWebhook", "ReadSlackToken", "DecryptSlackParameters"}
        self.assertEqual(set(statements(deployed())), base | {"EncryptAlerts"})
        self.assertEqual(set(statements(deployed(**EVERYTHING))), base | slack | {"EncryptAlerts"})
        self.assertEqual(set(statements(deployed(**ELSEWHERE))), base | slack | {"EncryptAlertsElsewhere"})

    def test_parameters_are_named(self):
        resource = statements(deployed(**EVERYTHING))["ReadSlackToken"]["Resource"]
        self.assertEqual(resource, "arn:aws:ssm:ap-northeast-1:123456789012:parameter/logq/staging/token")

    def test_task_events_are_written_by_this_rule_only(self):
        policy = json.loads(deployed()["TaskEventsLogPolicy"]["Properties"]["PolicyDocument"])
        put = next(each for each in policy["Statement"] if each["Sid"] == "PutTaskEvents")
        self.assertEqual(put["Condition"]["ArnEquals"]["aws:SourceArn"], "TaskEventsRule.Arn")
        for each in policy["Statement"]:
            self.assertIn("log-group:TaskEventsLogGroup:", each["Resource"])


class Alarms(unittest.TestCase):
    def test_every_alarm_has_an_action_and_says_when_it_is_over(self):
        for parameters, topic in (({}, "Topic"), (ELSEWHERE, TOPIC + "-ops"), ({"ExistingTopicArn": TOPIC}, TOPIC)):
            alarms = of_type(deployed(**parameters), "AWS::CloudWatch::Alarm")
            self.assertEqual(len(alarms), 13)
            for name, each in alarms.items():
                self.assertEqual([each["AlarmActions"], each["OKActions"]], [[topic], [topic]], name)
                self.assertTrue(each["AlarmDescription"], name)

    def test_only_silence_of_the_heartbeat_is_an_alarm(self):
        for name, each in of_type(deployed(), "AWS::CloudWatch::Alarm").items():
            expected = "breaching" if name == "HeartbeatAlarm" else "notBreaching"
            self.assertEqual(each["TreatMissingData"], expected, name)

    def test_what_the_function_counts_is_watched_by_stage(self):
        alarms = of_type(deployed(), "AWS::CloudWatch::Alarm").values()
        own = [each for each in alarms if each.get("Namespace") == "logq"]
        self.assertEqual({each["MetricName"] for each in own}, {"Heartbeat", "Refused", "StoreErrors", "Undelivered"})
        for each in own:
            self.assertEqual(each["Dimensions"], [{"Name": "stage", "Value": "staging"}])

    def test_the_delivery_alarms_watch_every_subscription(self):
        resources = deployed()
        filters = of_type(resources, "AWS::Logs::SubscriptionFilter").values()
        expected = {(each["LogGroupName"], each["FilterName"]) for each in filters}
        for name in ("DeliveryErrorsAlarm", "DeliveryThrottlingAlarm"):
            metrics = [each["MetricStat"]["Metric"] for each in resources[name]["Properties"]["Metrics"] if "MetricStat" in each]
            dimensions = [{each["Name"]: each["Value"] for each in metric["Dimensions"]} for metric in metrics]
            self.assertEqual({(each["LogGroupName"], each["FilterName"]) for each in dimensions}, expected, name)

    def test_the_topic_lets_the_alarms_of_the_stage_publish(self):
        (statement,) = deployed()["TopicPolicy"]["Properties"]["PolicyDocument"]["Statement"]
        arn = statement["Condition"]["ArnLike"]["aws:SourceArn"]
        self.assertEqual(arn, "arn:aws:cloudwatch:ap-northeast-1:123456789012:alarm:logq-staging-*")
        for each in of_type(deployed(), "AWS::CloudWatch::Alarm").values():
            self.assertTrue(each["AlarmName"].startswith("logq-staging-"))


class Function(unittest.TestCase):
    def test_what_fails_for_good_is_kept(self):
        (invoke,) = of_type(deployed(), "AWS::Lambda::EventInvokeConfig").values()
        self.assertEqual(invoke["DestinationConfig"]["OnFailure"]["Destination"], "FailedEvents.Arn")
        self.assertEqual((invoke["MaximumRetryAttempts"], invoke["MaximumEventAgeInSeconds"]), (2, 21600))

    def test_the_schedule_sends_the_tick(self):
        rules = of_type(deployed(), "AWS::Events::Rule").values()
        (tick,) = [each for each in rules if "ScheduleExpression" in each]
        self.assertEqual(tick["ScheduleExpression"], "rate(1 minute)")
        self.assertEqual(json.loads(tick["Targets"][0]["Input"]), {"logq": "tick"})

    def test_what_is_not_configured_is_not_set(self):
        def environment(**parameters):
            return deployed(**parameters)["Function"]["Properties"]["Environment"]["Variables"]

        base = {"LOGQ_STAGE", "LOGQ_TABLE", "LOGQ_TOPIC_ARN", "LOGQ_SNS_FORMAT", "LOGQ_METRICS_NAMESPACE"}
        slack = {"LOGQ_SLACK_WEBHOOK_PARAMETER", "LOGQ_SLACK_TOKEN_PARAMETER", "LOGQ_SLACK_CHANNEL"}
        self.assertEqual(set(environment()), base)
        self.assertEqual(set(environment(**EVERYTHING)), base | slack)
        self.assertEqual(environment(**ELSEWHERE)["LOGQ_TOPIC_ARN"], TOPIC)

    def test_the_topic_of_the_account_is_left_alone(self):
        made = {each["Type"] for each in deployed(**ELSEWHERE).values()}
        self.assertTrue(made.isdisjoint({"AWS::SNS::Topic", "AWS::SNS::TopicPolicy", "AWS::SNS::Subscription", "AWS::KMS::Key"}))

    def test_task_events_are_of_one_cluster(self):
        pattern = deployed(TaskFamilyPrefix="staging-")["TaskEventsRule"]["Properties"]["EventPattern"]
        arn = "arn:aws:ecs:ap-northeast-1:123456789012"
        self.assertEqual(pattern["detail"]["clusterArn"], [arn + ":cluster/shop"])
        self.assertEqual(pattern["detail"]["taskDefinitionArn"], [{"prefix": arn + ":task-definition/staging-"}])


class Parameters(unittest.TestCase):
    def test_each_is_described_and_bounded(self):
        bounds = {"AllowedPattern", "AllowedValues", "MaxLength", "MinValue"}
        for name, each in template()["Parameters"].items():
            self.assertTrue(each["Description"], name)
            self.assertTrue(bounds & set(each), name)

    def test_only_two_have_no_default(self):
        required = {name for name, each in template()["Parameters"].items() if "Default" not in each}
        self.assertEqual(required, {"Stage", "ClusterName"})

    def test_each_has_a_place_in_the_console(self):
        groups = template()["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
        placed = [name for group in groups for name in group["Parameters"]]
        self.assertEqual(sorted(placed), sorted(template()["Parameters"]))


if __name__ == "__main__":
    unittest.main()
