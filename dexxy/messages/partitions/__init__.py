"""Partition the largest tables by a hash of the workspace, while everything runs."""
