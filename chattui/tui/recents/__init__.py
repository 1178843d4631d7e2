"""Recents: the list of chats."""
