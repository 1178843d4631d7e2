"""Going on with a chat where it was written, or in another agent: which command, in which directory, with what file."""
