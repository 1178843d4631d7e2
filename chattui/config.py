"""Settings: where data lives and which database to use."""
