output "function_name" {
  description = "Name of the function, for the self-test."
  value       = aws_lambda_function.logq.function_name
}

output "function_arn" {
  description = "ARN of the function."
  value       = aws_lambda_function.logq.arn
}

output "topic_arn" {
  description = "Topic that alerts go to."
  value       = local.topic_arn
}

output "table_name" {
  description = "Table of the state, for logq silence."
  value       = aws_dynamodb_table.state.name
}

output "failed_events_url" {
  description = "Queue of the deliveries that failed for good."
  value       = aws_sqs_queue.failed_events.url
}

output "task_events_log_group_name" {
  description = "Log group of the ECS task events."
  value       = aws_cloudwatch_log_group.task_events.name
}

output "function_log_group_name" {
  description = "Log group of the function itself."
  value       = aws_cloudwatch_log_group.function.name
}
