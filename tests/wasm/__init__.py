"""The worksheet functions on CPython and NumPy compiled to WebAssembly."""
