"""ECS on Fargate for MiniStack: real containers, Fargate's rules, task events."""
