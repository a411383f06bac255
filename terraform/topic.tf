# The topic of the alerts, when there is none yet.

data "aws_iam_policy_document" "topic_key" {
  # Within the policy of a key, "*" is this key: it has no other name there.
  #checkov:skip=CKV_AWS_109:the account's administrators decide by IAM, as the default policy of a key has it
  #checkov:skip=CKV_AWS_111:the same statement
  #checkov:skip=CKV_AWS_356:"*" is this key
  statement {
    sid       = "AccountDecidesByIam"
    actions   = ["kms:*"]
    resources = ["*"]

    principals {
      type        = "AWS"
      identifiers = ["arn:${local.partition}:iam::${local.account}:root"]
    }
  }

  statement {
    sid       = "AlarmsPublish"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey*"]
    resources = ["*"]

    principals {
      type        = "Service"
      identifiers = ["cloudwatch.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account]
    }
  }
}

# CloudWatch alarms cannot publish to a topic under aws/sns, whose policy nobody can change; hence a key.
resource "aws_kms_key" "topic" {
  count                   = var.create_topic ? 1 : 0
  description             = "logq: alerts of ${var.stage}"
  enable_key_rotation     = true
  deletion_window_in_days = 7
  policy                  = data.aws_iam_policy_document.topic_key.json
  tags                    = var.tags
}

resource "aws_kms_alias" "topic" {
  count         = var.create_topic ? 1 : 0
  name          = "alias/${local.name}"
  target_key_id = aws_kms_key.topic[0].key_id
}

resource "aws_sns_topic" "alerts" {
  count             = var.create_topic ? 1 : 0
  name              = "${local.name}-alerts"
  kms_master_key_id = aws_kms_key.topic[0].key_id
  tags              = var.tags
}

# The function publishes by its role, in the same account, so only the alarms are named here.
data "aws_iam_policy_document" "topic" {
  count = var.create_topic ? 1 : 0

  statement {
    sid       = "AlarmsPublish"
    actions   = ["sns:Publish"]
    resources = [aws_sns_topic.alerts[0].arn]

    principals {
      type        = "Service"
      identifiers = ["cloudwatch.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account]
    }

    condition {
      test     = "ArnLike"
      variable = "aws:SourceArn"
      values   = ["arn:${local.partition}:cloudwatch:${local.region}:${local.account}:alarm:${local.name}-*"]
    }
  }
}

resource "aws_sns_topic_policy" "alerts" {
  count  = var.create_topic ? 1 : 0
  arn    = aws_sns_topic.alerts[0].arn
  policy = data.aws_iam_policy_document.topic[0].json
}

resource "aws_sns_topic_subscription" "email" {
  count     = var.create_topic && var.alert_email != "" ? 1 : 0
  topic_arn = aws_sns_topic.alerts[0].arn
  protocol  = "email"
  endpoint  = var.alert_email
}
