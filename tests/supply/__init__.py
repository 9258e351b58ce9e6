"""What comes with the package, and what is in it."""
