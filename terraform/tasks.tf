# ECS task events, written to a log group: exit codes become log events like everything else.

resource "aws_cloudwatch_log_group" "task_events" {
  name              = local.tasks_log_group
  retention_in_days = var.log_retention_days
  tags              = var.tags
}

resource "aws_cloudwatch_event_rule" "task_events" {
  name        = "${local.name}-task-events"
  description = "logq: writes the ECS task events of ${var.stage} to a log group"
  tags        = var.tags

  event_pattern = jsonencode({
    source      = ["aws.ecs"]
    detail-type = ["ECS Task State Change"]
    detail = {
      clusterArn        = ["${local.ecs_arn}:cluster/${var.cluster_name}"]
      taskDefinitionArn = [{ prefix = "${local.ecs_arn}:task-definition/${var.task_family_prefix}" }]
    }
  })
}

resource "aws_cloudwatch_event_target" "task_events" {
  rule = aws_cloudwatch_event_rule.task_events.name
  arn  = aws_cloudwatch_log_group.task_events.arn
}

# EventBridge writes to log groups by this policy alone; a role on the target is not used.
data "aws_iam_policy_document" "task_events" {
  statement {
    sid       = "CreateStreams"
    actions   = ["logs:CreateLogStream"]
    resources = ["${aws_cloudwatch_log_group.task_events.arn}:*"]

    principals {
      type        = "Service"
      identifiers = ["events.amazonaws.com", "delivery.logs.amazonaws.com"]
    }
  }

  statement {
    sid       = "PutTaskEvents"
    actions   = ["logs:PutLogEvents"]
    resources = ["${aws_cloudwatch_log_group.task_events.arn}:*:*"]

    principals {
      type        = "Service"
      identifiers = ["events.amazonaws.com", "delivery.logs.amazonaws.com"]
    }

    condition {
      test     = "ArnEquals"
      variable = "aws:SourceArn"
      values   = [aws_cloudwatch_event_rule.task_events.arn]
    }
  }
}

resource "aws_cloudwatch_log_resource_policy" "task_events" {
  policy_name     = "${local.name}-task-events"
  policy_document = data.aws_iam_policy_document.task_events.json
}
