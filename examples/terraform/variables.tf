variable "template_dir" {
  description = "Folder with template.json and the services' code"
  type        = string
}

variable "bucket" {
  description = "S3 bucket for these files, in the region of the stack"
  type        = string
}

variable "prefix" {
  description = "Folder in the bucket, ending with a slash"
  type        = string
  default     = "serverless-gitlab-runner/"
}

variable "vpc_id" {
  description = "VPC of managers and jobs"
  type        = string
}

variable "subnet_ids" {
  description = "Subnets of managers and jobs: public with assign_public_ip, or with NAT"
  type        = list(string)
}

variable "assign_public_ip" {
  description = "Whether tasks get a public IPv4 address, which public subnets need"
  type        = bool
  default     = false
}

variable "manager_image" {
  description = "Image of the manager (images/runner)"
  type        = string
}

variable "helper_image" {
  description = "Image of job tasks' helper (images/job-base)"
  type        = string
}

variable "image_repositories" {
  description = "ECR repositories of this account that images may be pulled from"
  type        = string
  default     = "serverless-gitlab-runner/*"
}

variable "gitlab_url" {
  description = "Base URL of GitLab"
  type        = string
  default     = "https://gitlab.com"
}

variable "gitlab_port" {
  description = "Port of that URL"
  type        = number
  default     = 443
}

variable "manager_settings" {
  description = "Settings of the fleet's group \"manager\""
  type        = any
  default     = {}
}

variable "job_settings" {
  description = "Settings of the fleet's group \"job\""
  type        = any
  default     = {}
}

variable "ahead_settings" {
  description = "Settings of the fleet's group \"ahead\""
  type        = any
  default     = {}
}

variable "webhook_settings" {
  description = "Settings of the fleet's group \"webhook\""
  type        = any
  default     = {}
}

variable "safety_launch_seconds" {
  description = "Seconds without a manager after which one is started; 0: never"
  type        = number
  default     = 0
}

variable "alarm_topic_arn" {
  description = "ARN of an SNS topic for alarms; none: they are only visible in CloudWatch"
  type        = string
  default     = "none"
}

variable "dashboard" {
  description = "A CloudWatch dashboard: three are free in an account"
  type        = bool
  default     = true
}

variable "log_level" {
  description = "Of Lambdas and managers: DEBUG, INFO, WARN or ERROR"
  type        = string
  default     = "INFO"
}
