# Plans of the module without an account: what is made, and which mistakes are refused.

mock_provider "aws" {
  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }
  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }
  mock_data "aws_region" {
    defaults = { name = "ap-northeast-1" }
  }
  mock_data "aws_iam_policy_document" {
    defaults = { json = "{}" }
  }
}

variables {
  stage        = "staging"
  cluster_name = "shop"
  package      = "tests/module.tftest.hcl"
}

run "defaults" {
  command = plan

  assert {
    condition     = length(aws_sns_topic.alerts) == 1 && length(aws_kms_key.topic) == 1
    error_message = "without a topic, one is made under a key of its own"
  }
  assert {
    condition = { for key, filter in aws_cloudwatch_log_subscription_filter.logq : key => filter.log_group_name } == {
      webapp = "/ecs/staging-webapp"
      worker = "/ecs/staging-worker"
      batch  = "/ecs/staging-batch"
      tasks  = "/aws/events/staging-ecs-tasks"
    }
    error_message = "the groups have the names of the stage"
  }
  assert {
    condition     = alltrue([for filter in aws_cloudwatch_log_subscription_filter.logq : filter.filter_pattern == ""])
    error_message = "everything is passed"
  }
  assert {
    condition     = !contains(keys(aws_lambda_function.logq.environment[0].variables), "LOGQ_SLACK_CHANNEL")
    error_message = "what is not configured is not set"
  }
}

run "topic_of_the_account" {
  command = plan

  variables {
    create_topic       = false
    existing_topic_arn = "arn:aws:sns:ap-northeast-1:123456789012:alerts"
    alarm_topic_arn    = "arn:aws:sns:ap-northeast-1:123456789012:pager"
    alert_email        = "ops@example.com"
  }

  assert {
    condition     = length(aws_sns_topic.alerts) + length(aws_kms_key.topic) + length(aws_sns_topic_subscription.email) == 0
    error_message = "with a topic given, none is made and none is subscribed to"
  }
  assert {
    condition     = aws_lambda_function.logq.environment[0].variables["LOGQ_TOPIC_ARN"] == "arn:aws:sns:ap-northeast-1:123456789012:alerts"
    error_message = "alerts go to the topic given"
  }
  assert {
    condition     = alltrue([for alarm in aws_cloudwatch_metric_alarm.logq : alarm.alarm_actions == toset(["arn:aws:sns:ap-northeast-1:123456789012:pager"])])
    error_message = "alarms go to the topic of the alarms"
  }
}

run "slack_bot" {
  command = plan

  variables {
    slack_token_parameter = "/logq/staging/slack-token"
    slack_channel         = "#alerts"
  }

  assert {
    condition     = aws_lambda_function.logq.environment[0].variables["LOGQ_SLACK_CHANNEL"] == "#alerts"
    error_message = "the function knows the channel"
  }
}

run "bot_without_channel" {
  command = plan

  variables {
    slack_token_parameter = "/logq/staging/slack-token"
  }

  expect_failures = [aws_lambda_function.logq]
}

run "no_topic_at_all" {
  command = plan

  variables {
    create_topic = false
  }

  expect_failures = [aws_lambda_function.logq]
}

run "log_group_of_a_function" {
  command = plan

  variables {
    webapp_log_group = "/aws/lambda/logq-staging"
  }

  expect_failures = [var.webapp_log_group]
}
