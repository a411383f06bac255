# What is delivered to the function. Its own log group is not among it, and cannot be.

locals {
  # How a run ended is told from its last lines, whatever they are: nothing of batch and tasks may be held back.
  subscriptions = {
    webapp = { group = local.app_log_groups.webapp, pattern = var.webapp_filter_pattern }
    worker = { group = local.app_log_groups.worker, pattern = var.worker_filter_pattern }
    batch  = { group = local.app_log_groups.batch, pattern = "" }
    tasks  = { group = aws_cloudwatch_log_group.task_events.name, pattern = "" }
  }
}

resource "aws_lambda_permission" "logs" {
  for_each       = local.subscriptions
  statement_id   = "${each.key}-logs"
  function_name  = aws_lambda_function.logq.function_name
  action         = "lambda:InvokeFunction"
  principal      = "logs.${local.region}.amazonaws.com"
  source_account = local.account
  source_arn     = "${local.logs_arn}:${each.value.group}:*"
}

resource "aws_cloudwatch_log_subscription_filter" "logq" {
  for_each        = local.subscriptions
  name            = local.name
  log_group_name  = each.value.group
  filter_pattern  = each.value.pattern
  destination_arn = aws_lambda_function.logq.arn

  depends_on = [aws_lambda_permission.logs]
}
