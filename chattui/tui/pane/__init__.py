"""The message pane: any number of messages, drawn line by line."""
