"""Fargate's rules, as functions that raise AWS's errors."""
