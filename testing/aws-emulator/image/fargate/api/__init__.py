"""The ECS actions that replace MiniStack's."""
