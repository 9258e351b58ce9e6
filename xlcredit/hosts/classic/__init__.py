"""The classic add-in: Excel on Windows, over VBA and COM."""
