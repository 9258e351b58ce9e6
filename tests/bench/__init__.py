"""What the layers cost: ``python -m tests.bench`` prints medians and asserts nothing."""
