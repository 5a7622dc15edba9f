"""A task's life in Docker: network, volumes, containers, states."""
