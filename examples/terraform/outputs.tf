output "outputs" {
  description = "The stack's outputs: WebhookUrl, WebhookSecretCommandDefault, RunnerTokenCommandDefault and others"
  value       = aws_cloudformation_stack.runner.outputs
}
