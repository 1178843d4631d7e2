"""Results: the list of what a search has found."""
