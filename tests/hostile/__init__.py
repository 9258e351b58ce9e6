"""What a stranger could hand to the program to hurt whoever runs it."""
