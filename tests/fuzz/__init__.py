"""Files bent at random: whatever a reader is given, it answers or says why not."""
