# Alarms on logq itself: that it runs, that it is delivered to, and that nothing was given up on.

locals {
  of_function = { FunctionName = local.name }
  of_stage    = { stage = var.stage }
  of_queue    = { QueueName = aws_sqs_queue.failed_events.name }

  alarms = {
    # One failed run is tried again and harms nothing; three in five minutes is what one lost event looks like.
    errors = {
      description = "The function fails again and again"
      namespace   = "AWS/Lambda", metric = "Errors", dimensions = local.of_function
      statistic   = "Sum", periods = 1, threshold = 3
    }
    throttles = {
      description = "Deliveries have waited for a free copy of the function for ten minutes: raise the reserved concurrency"
      namespace   = "AWS/Lambda", metric = "Throttles", dimensions = local.of_function
      statistic   = "Sum", periods = 2, threshold = 1
    }
    dropped-events = {
      description = "Lambda gave up on deliveries before the function could take them"
      namespace   = "AWS/Lambda", metric = "AsyncEventsDropped", dimensions = local.of_function
      statistic   = "Sum", periods = 1, threshold = 1
    }
    queue-failures = {
      description = "Lambda could not write a failed delivery to the queue"
      namespace   = "AWS/Lambda", metric = "DestinationDeliveryFailures", dimensions = local.of_function
      statistic   = "Sum", periods = 1, threshold = 1
    }
    queue-depth = {
      description = "Deliveries that failed for good are in the queue"
      namespace   = "AWS/SQS", metric = "ApproximateNumberOfMessagesVisible", dimensions = local.of_queue
      statistic   = "Maximum", periods = 1, threshold = 1
    }
    queue-age = {
      description = "A failed delivery has been in the queue for a day; it is gone after 14"
      namespace   = "AWS/SQS", metric = "ApproximateAgeOfOldestMessage", dimensions = local.of_queue
      statistic   = "Maximum", periods = 1, threshold = 86400
    }
    task-events = {
      description = "EventBridge cannot write task events to their log group"
      namespace   = "AWS/Events", metric = "FailedInvocations"
      dimensions  = { RuleName = aws_cloudwatch_event_rule.task_events.name }
      statistic   = "Sum", periods = 1, threshold = 1
    }
    # The next tick tries again, so one bad minute harms nothing.
    store-errors = {
      description = "The table could not be read or written in three of five minutes"
      namespace   = "logq", metric = "StoreErrors", dimensions = local.of_stage
      statistic   = "Sum", period = 60, periods = 5, breaches = 3, threshold = 1
    }
    refused = {
      description = "A sink refused messages for good in three of five minutes"
      namespace   = "logq", metric = "Refused", dimensions = local.of_stage
      statistic   = "Sum", period = 60, periods = 5, breaches = 3, threshold = 1
    }
    undelivered = {
      description = "Alerts were left unsent in three of five minutes"
      namespace   = "logq", metric = "Undelivered", dimensions = local.of_stage
      statistic   = "Sum", period = 60, periods = 5, breaches = 3, threshold = 1
    }
  }

  # After an error that it takes for final, CloudWatch Logs skips what is logged in the next minutes.
  delivery_alarms = {
    delivery-errors = {
      description = "CloudWatch Logs could not deliver to the function, so alerts may be lost"
      metric      = "DeliveryErrors", periods = 1
    }
    delivery-throttling = {
      description = "CloudWatch Logs has been throttled at the function for ten minutes"
      metric      = "DeliveryThrottling", periods = 2
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "logq" {
  for_each            = local.alarms
  alarm_name          = "${local.name}-${each.key}"
  alarm_description   = each.value.description
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  dimensions          = each.value.dimensions
  statistic           = each.value.statistic
  period              = lookup(each.value, "period", 300)
  evaluation_periods  = each.value.periods
  datapoints_to_alarm = lookup(each.value, "breaches", each.value.periods)
  threshold           = each.value.threshold
  comparison_operator = "GreaterThanOrEqualToThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = [local.alarm_topic_arn]
  ok_actions          = [local.alarm_topic_arn]
  tags                = var.tags
}

# The schedule runs every minute: two silent periods are ten minutes without a sign of life.
resource "aws_cloudwatch_metric_alarm" "heartbeat" {
  alarm_name          = "${local.name}-heartbeat"
  alarm_description   = "The function has shown no sign of life for ten minutes"
  namespace           = "logq"
  metric_name         = "Heartbeat"
  dimensions          = { stage = var.stage }
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 2
  threshold           = 1
  comparison_operator = "LessThanThreshold"
  treat_missing_data  = "breaching"
  alarm_actions       = [local.alarm_topic_arn]
  ok_actions          = [local.alarm_topic_arn]
  tags                = var.tags
}

resource "aws_cloudwatch_metric_alarm" "delivery" {
  for_each            = local.delivery_alarms
  alarm_name          = "${local.name}-${each.key}"
  alarm_description   = each.value.description
  evaluation_periods  = each.value.periods
  threshold           = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = [local.alarm_topic_arn]
  ok_actions          = [local.alarm_topic_arn]
  tags                = var.tags

  metric_query {
    id          = "all"
    label       = each.value.metric
    expression  = "FILL(webapp,0)+FILL(worker,0)+FILL(batch,0)+FILL(tasks,0)"
    return_data = true
  }

  dynamic "metric_query" {
    for_each = local.subscriptions
    content {
      id          = metric_query.key
      return_data = false

      metric {
        namespace   = "AWS/Logs"
        metric_name = each.value.metric
        stat        = "Sum"
        period      = 300
        dimensions = {
          LogGroupName    = metric_query.value.group
          DestinationType = "Lambda"
          FilterName      = local.name
        }
      }
    }
  }
}
