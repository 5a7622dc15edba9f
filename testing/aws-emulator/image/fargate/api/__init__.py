"""The ECS actions that replace MiniStack's, one module an action or two."""
