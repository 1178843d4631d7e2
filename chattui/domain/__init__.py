"""The words of the project as values: chats, messages, hits. Imports nothing of ours."""
