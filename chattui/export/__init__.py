"""Taking chats along: one chat as Markdown, HTML, JSON or text, and files of them. Knows no terminal and no Textual."""
