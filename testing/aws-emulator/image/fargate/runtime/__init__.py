"""Runs tasks in Docker: network, volumes, containers, states."""
