"""What makes a Python function a worksheet function: words, kinds, registry, boundary, help."""
