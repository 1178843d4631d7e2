"""Drives sources into the store: what is new since last time, in batches, resumable at any point."""
