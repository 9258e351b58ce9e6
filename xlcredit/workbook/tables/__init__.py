"""Tables of the sheet Stress, and their charts: one module a kind."""
