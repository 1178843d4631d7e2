"""Backups: files that hold everything of a database or of a person, and what is done with them."""
