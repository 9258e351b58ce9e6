"""The numbers of the last release: of every function's example and of every template."""
