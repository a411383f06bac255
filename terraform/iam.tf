# What the function may do.

data "aws_iam_policy_document" "assume" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["lambda.amazonaws.com"]
    }
  }
}

data "aws_iam_policy_document" "logq" {
  statement {
    sid       = "WriteOwnLog"
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["${local.logs_arn}:/aws/lambda/${local.name}:log-stream:*"]
  }

  # A delivery that begins in the middle of a run is completed from the stream.
  statement {
    sid       = "ReadAppLogs"
    actions   = ["logs:GetLogEvents"]
    resources = [for group in values(local.app_log_groups) : "${local.logs_arn}:${group}:log-stream:*"]
  }

  # A transaction needs the permissions of what it is made of, puts and deletes; there is none of its own.
  statement {
    sid = "KeepState"
    actions = [
      "dynamodb:BatchGetItem",
      "dynamodb:DeleteItem",
      "dynamodb:PutItem",
      "dynamodb:Query",
    ]
    resources = [aws_dynamodb_table.state.arn]
  }

  statement {
    sid       = "PublishAlerts"
    actions   = ["sns:Publish"]
    resources = [local.topic_arn]
  }

  statement {
    sid       = "KeepFailedEvents"
    actions   = ["sqs:SendMessage"]
    resources = [aws_sqs_queue.failed_events.arn]
  }

  dynamic "statement" {
    for_each = aws_kms_key.topic
    content {
      sid       = "EncryptAlerts"
      actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
      resources = [statement.value.arn]
    }
  }

  dynamic "statement" {
    for_each = var.existing_topic_key_arn != "" ? [var.existing_topic_key_arn] : []
    content {
      sid       = "EncryptAlertsElsewhere"
      actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
      resources = [statement.value]
    }
  }

  dynamic "statement" {
    for_each = var.slack_webhook_parameter != "" ? [var.slack_webhook_parameter] : []
    content {
      sid       = "ReadSlackWebhook"
      actions   = ["ssm:GetParameter"]
      resources = ["${local.ssm_arn}${statement.value}"]
    }
  }

  dynamic "statement" {
    for_each = var.slack_token_parameter != "" ? [var.slack_token_parameter] : []
    content {
      sid       = "ReadSlackToken"
      actions   = ["ssm:GetParameter"]
      resources = ["${local.ssm_arn}${statement.value}"]
    }
  }

  # The key aws/ssm lets everybody in who may read the parameter; a key of one's own does not.
  dynamic "statement" {
    for_each = var.slack_parameter_key_arn != "" ? [var.slack_parameter_key_arn] : []
    content {
      sid       = "DecryptSlackParameters"
      actions   = ["kms:Decrypt"]
      resources = [statement.value]

      condition {
        test     = "StringEquals"
        variable = "kms:ViaService"
        values   = ["ssm.${local.region}.amazonaws.com"]
      }
    }
  }
}

resource "aws_iam_role" "logq" {
  name_prefix        = "${local.name}-"
  description        = "logq: what the function of ${var.stage} may do"
  assume_role_policy = data.aws_iam_policy_document.assume.json
  tags               = var.tags
}

resource "aws_iam_role_policy" "logq" {
  name   = "logq"
  role   = aws_iam_role.logq.id
  policy = data.aws_iam_policy_document.logq.json
}
