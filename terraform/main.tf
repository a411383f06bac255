# Names and addresses that the other files use, and the function itself.

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  name      = "logq-${var.stage}"
  account   = data.aws_caller_identity.current.account_id
  partition = data.aws_partition.current.partition
  region    = data.aws_region.current.name
  logs_arn  = "arn:${local.partition}:logs:${local.region}:${local.account}:log-group"
  ecs_arn   = "arn:${local.partition}:ecs:${local.region}:${local.account}"
  ssm_arn   = "arn:${local.partition}:ssm:${local.region}:${local.account}:parameter"

  app_log_groups = {
    webapp = var.webapp_log_group != "" ? var.webapp_log_group : "/ecs/${var.stage}-webapp"
    worker = var.worker_log_group != "" ? var.worker_log_group : "/ecs/${var.stage}-worker"
    batch  = var.batch_log_group != "" ? var.batch_log_group : "/ecs/${var.stage}-batch"
  }
  tasks_log_group = var.tasks_log_group != "" ? var.tasks_log_group : "/aws/events/${var.stage}-ecs-tasks"

  topic_arn       = var.create_topic ? aws_sns_topic.alerts[0].arn : var.existing_topic_arn
  alarm_topic_arn = var.alarm_topic_arn != "" ? var.alarm_topic_arn : local.topic_arn

  # An empty value would count as set, so what is not configured is left out.
  environment = merge(
    {
      LOGQ_STAGE             = var.stage
      LOGQ_TABLE             = aws_dynamodb_table.state.name
      LOGQ_TOPIC_ARN         = local.topic_arn
      LOGQ_SNS_FORMAT        = var.sns_format
      LOGQ_METRICS_NAMESPACE = "logq"
    },
    var.slack_webhook_parameter == "" ? {} : {
      LOGQ_SLACK_WEBHOOK_PARAMETER = var.slack_webhook_parameter
    },
    var.slack_token_parameter == "" ? {} : {
      LOGQ_SLACK_TOKEN_PARAMETER = var.slack_token_parameter
      LOGQ_SLACK_CHANNEL         = var.slack_channel
    },
  )
}

resource "aws_lambda_function" "logq" {
  function_name                  = local.name
  description                    = "logq: watches the logs of ${var.stage}"
  filename                       = var.package
  source_code_hash               = filebase64sha256(var.package)
  runtime                        = "provided.al2023"
  handler                        = "bootstrap"
  architectures                  = [var.architecture]
  memory_size                    = var.memory_size
  reserved_concurrent_executions = var.reserved_concurrency
  role                           = aws_iam_role.logq.arn
  tags                           = var.tags

  # Room for a sink that answers slowly or asks to be tried again, and for settling many runs in one tick.
  timeout = 120

  logging_config {
    log_group  = aws_cloudwatch_log_group.function.name
    log_format = "JSON"
  }

  environment {
    variables = local.environment
  }

  lifecycle {
    precondition {
      condition     = var.slack_token_parameter == "" || var.slack_channel != ""
      error_message = "slack_token_parameter needs slack_channel."
    }
    precondition {
      condition     = var.create_topic || var.existing_topic_arn != ""
      error_message = "With create_topic = false, existing_topic_arn says where alerts go."
    }
  }

  # Lambda checks these rights when the failure destination is set.
  depends_on = [aws_iam_role_policy.logq]
}

# What comes from CloudWatch Logs is asynchronous: a late alert is better than none, so it is kept trying as long as
# Lambda allows, and what still fails is kept whole in the queue.
resource "aws_lambda_function_event_invoke_config" "logq" {
  function_name                = aws_lambda_function.logq.function_name
  maximum_retry_attempts       = 2
  maximum_event_age_in_seconds = 21600

  destination_config {
    on_failure {
      destination = aws_sqs_queue.failed_events.arn
    }
  }
}

resource "aws_cloudwatch_log_group" "function" {
  name              = "/aws/lambda/${local.name}"
  retention_in_days = var.log_retention_days
  tags              = var.tags
}

resource "aws_cloudwatch_event_rule" "tick" {
  name                = "${local.name}-tick"
  description         = "logq: settles quiet runs, sends what is unsent, shows that it is alive"
  schedule_expression = "rate(1 minute)"
  tags                = var.tags
}

resource "aws_cloudwatch_event_target" "tick" {
  rule  = aws_cloudwatch_event_rule.tick.name
  arn   = aws_lambda_function.logq.arn
  input = "{\"logq\":\"tick\"}"

  # A tick is worth nothing once the next one is there.
  retry_policy {
    maximum_event_age_in_seconds = 60
    maximum_retry_attempts       = 1
  }
}

resource "aws_lambda_permission" "tick" {
  function_name = aws_lambda_function.logq.function_name
  action        = "lambda:InvokeFunction"
  principal     = "events.amazonaws.com"
  source_arn    = aws_cloudwatch_event_rule.tick.arn
}
