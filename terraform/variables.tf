# What is watched

variable "stage" {
  description = "Name of the stage, as it stands in the log groups and in logq.toml."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,31}$", var.stage))
    error_message = "A stage has small letters, digits and hyphens, at most 32, a letter first."
  }
}

variable "cluster_name" {
  description = "Name of the ECS cluster whose task events (exit codes) are recorded."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{1,255}$", var.cluster_name))
    error_message = "Expected the name of a cluster, not its ARN."
  }
}

variable "task_family_prefix" {
  description = "Record only tasks whose definition begins so, for stages that share a cluster; empty records all."
  type        = string
  default     = ""

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{0,255}$", var.task_family_prefix))
    error_message = "Expected the beginning of a task definition's family."
  }
}

# No group of the Lambda service is taken: a function subscribed to its own output feeds itself.

variable "webapp_log_group" {
  description = "Log group of the web service; empty means /ecs/STAGE-webapp."
  type        = string
  default     = ""

  validation {
    condition     = can(regex("^[A-Za-z0-9_./#-]{0,512}$", var.webapp_log_group)) && !startswith(var.webapp_log_group, "/aws/lambda/")
    error_message = "Expected a log group name, not one of a Lambda function."
  }
}

variable "worker_log_group" {
  description = "Log group of the Celery workers; empty means /ecs/STAGE-worker."
  type        = string
  default     = ""

  validation {
    condition     = can(regex("^[A-Za-z0-9_./#-]{0,512}$", var.worker_log_group)) && !startswith(var.worker_log_group, "/aws/lambda/")
    error_message = "Expected a log group name, not one of a Lambda function."
  }
}

variable "batch_log_group" {
  description = "Log group of batches and one-off tasks; empty means /ecs/STAGE-batch."
  type        = string
  default     = ""

  validation {
    condition     = can(regex("^[A-Za-z0-9_./#-]{0,512}$", var.batch_log_group)) && !startswith(var.batch_log_group, "/aws/lambda/")
    error_message = "Expected a log group name, not one of a Lambda function."
  }
}

variable "tasks_log_group" {
  description = "Log group to make for task events, below /aws/events/; empty means /aws/events/STAGE-ecs-tasks."
  type        = string
  default     = ""

  validation {
    condition     = can(regex("^$|^/aws/events/[A-Za-z0-9_./#-]{1,500}$", var.tasks_log_group))
    error_message = "Expected a log group name that begins with /aws/events/."
  }
}

# A subscription pattern sees one event at a time. The lines of a plain traceback are events of their own that have
# no word in common, so the default lets everything through; docs/deploy.md has the patterns that are safe to set.

variable "webapp_filter_pattern" {
  description = "Filter pattern of the web service's subscription; empty passes every event."
  type        = string
  default     = ""

  validation {
    condition     = length(var.webapp_filter_pattern) <= 1024
    error_message = "A filter pattern has at most 1,024 characters."
  }
}

variable "worker_filter_pattern" {
  description = "Filter pattern of the workers' subscription; empty passes every event."
  type        = string
  default     = ""

  validation {
    condition     = length(var.worker_filter_pattern) <= 1024
    error_message = "A filter pattern has at most 1,024 characters."
  }
}

# Where alerts go

variable "slack_webhook_parameter" {
  description = "Name of the SecureString parameter that holds the Slack webhook address; empty for none."
  type        = string
  default     = ""

  validation {
    condition     = can(regex("^$|^(/[A-Za-z0-9_.-]+)+$", var.slack_webhook_parameter))
    error_message = "Expected a parameter name that begins with a slash."
  }
}

variable "slack_token_parameter" {
  description = "Name of the SecureString parameter that holds the Slack bot token, used in place of the webhook; empty for none."
  type        = string
  default     = ""

  validation {
    condition     = can(regex("^$|^(/[A-Za-z0-9_.-]+)+$", var.slack_token_parameter))
    error_message = "Expected a parameter name that begins with a slash."
  }
}

variable "slack_channel" {
  description = "Channel the bot posts to, its ID (C0123456789) or its name."
  type        = string
  default     = ""

  validation {
    condition     = can(regex("^$|^#?[^\\s#]{1,80}$", var.slack_channel))
    error_message = "Expected the ID or the name of a channel."
  }
}

variable "slack_parameter_key_arn" {
  description = "ARN of the KMS key of these parameters; empty when they use the key of Parameter Store, aws/ssm."
  type        = string
  default     = ""

  validation {
    condition     = can(regex("^$|^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+$", var.slack_parameter_key_arn))
    error_message = "Expected the ARN of a key."
  }
}

variable "alert_email" {
  description = "Mail address to subscribe to the topic that is made here; empty for none."
  type        = string
  default     = ""

  validation {
    condition     = can(regex("^$|^[^@\\s]+@[^@\\s]+$", var.alert_email))
    error_message = "Expected a mail address."
  }
}

variable "sns_format" {
  description = "text for mail and programs, amazon-q for channels of Amazon Q Developer in chat applications."
  type        = string
  default     = "text"

  validation {
    condition     = contains(["text", "amazon-q"], var.sns_format)
    error_message = "Expected text or amazon-q."
  }
}

# Whether a topic is made must be known when the plan is, which an ARN from a resource of the same plan is not.
variable "create_topic" {
  description = "Whether to make a topic; false publishes to existing_topic_arn."
  type        = bool
  default     = true
}

variable "existing_topic_arn" {
  description = "ARN of a topic to publish to in place of one made here; used when create_topic is false."
  type        = string
  default     = ""

  validation {
    condition     = can(regex("^$|^arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,256}$", var.existing_topic_arn))
    error_message = "Expected the ARN of a standard topic."
  }
}

variable "existing_topic_key_arn" {
  description = "ARN of the KMS key of the existing topic; empty when it has none."
  type        = string
  default     = ""

  validation {
    condition     = can(regex("^$|^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+$", var.existing_topic_key_arn))
    error_message = "Expected the ARN of a key."
  }
}

variable "alarm_topic_arn" {
  description = "ARN of a topic for the alarms on logq itself; empty sends them where the alerts go."
  type        = string
  default     = ""

  validation {
    condition     = can(regex("^$|^arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,256}$", var.alarm_topic_arn))
    error_message = "Expected the ARN of a standard topic."
  }
}

# The function

variable "package" {
  description = "Path of the package that `make lambda` built, logq-lambda-ARCH.zip."
  type        = string
}

variable "architecture" {
  description = "Processor of the function; the package must have been built for it."
  type        = string
  default     = "arm64"

  validation {
    condition     = contains(["arm64", "x86_64"], var.architecture)
    error_message = "Expected arm64 or x86_64."
  }
}

variable "memory_size" {
  description = "Memory of the function in MB, which also sets its share of a processor."
  type        = number
  default     = 512

  validation {
    condition     = var.memory_size >= 128 && var.memory_size <= 10240
    error_message = "Expected 128 to 10240."
  }
}

variable "reserved_concurrency" {
  description = "Most copies of the function at once; 0 stops it, -1 reserves none, for accounts whose quota is too small."
  type        = number
  default     = 5

  validation {
    condition     = var.reserved_concurrency >= -1 && var.reserved_concurrency <= 1000
    error_message = "Expected -1 to 1000."
  }
}

variable "log_retention_days" {
  description = "Days that task events and the function's own log are kept."
  type        = number
  default     = 90

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_days)
    error_message = "Expected a retention that CloudWatch Logs knows, such as 30, 90 or 365."
  }
}

variable "tags" {
  description = "Tags for everything that takes tags."
  type        = map(string)
  default     = {}
}
