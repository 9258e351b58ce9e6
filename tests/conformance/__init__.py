"""One table of calls, and every host that answers them: what has been proven where."""
