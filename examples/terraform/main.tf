terraform {
  required_version = ">= 1.5"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.0"
    }
  }
}

locals {
  # The services' code has its content's hash in its names, so new code is a new object, and the stack is updated.
  files = fileset(var.template_dir, "*")
}

resource "aws_s3_object" "files" {
  for_each = local.files

  bucket      = var.bucket
  key         = "${var.prefix}${each.value}"
  source      = "${var.template_dir}/${each.value}"
  source_hash = filemd5("${var.template_dir}/${each.value}")
}

resource "aws_cloudformation_stack" "runner" {
  # sgr finds the installation by this name.
  name         = "serverless-gitlab-runner"
  capabilities = ["CAPABILITY_IAM"]
  template_url = "https://${var.bucket}.s3.amazonaws.com/${aws_s3_object.files["template.json"].key}"

  parameters = {
    CodeBucket          = var.bucket
    CodePrefix          = var.prefix
    VpcId               = var.vpc_id
    SubnetIds           = join(",", var.subnet_ids)
    AssignPublicIp      = var.assign_public_ip
    ManagerImage        = var.manager_image
    HelperImage         = var.helper_image
    ImageRepositories   = var.image_repositories
    GitLabUrl           = var.gitlab_url
    GitLabPort          = var.gitlab_port
    ManagerSettings     = jsonencode(var.manager_settings)
    JobSettings         = jsonencode(var.job_settings)
    AheadSettings       = jsonencode(var.ahead_settings)
    WebhookSettings     = jsonencode(var.webhook_settings)
    SafetyLaunchSeconds = var.safety_launch_seconds
    AlarmTopicArn       = var.alarm_topic_arn
    Dashboard           = var.dashboard
    LogLevel            = var.log_level
  }

  depends_on = [aws_s3_object.files]
}
