"""Every command of the app, declared once: its key, its place in footer, help and palette."""

from __future__ import annotations

from typing import NamedTuple

from textual.binding import Binding, BindingType


class Command(NamedTuple):  # a dataclass takes three times as long to make, and the first paint waits
    """A command. ``room`` is where its key works: "app" everywhere, also while writing; "search" in the bar and in
    the hits; "screen"; or one widget. With ``numbers`` there are so many of it: "{}" in keys and action is the number."""

    name: str
    keys: str
    action: str
    label: str
    help: str
    room: str = "screen"
    footer: bool = False
    palette: bool = True
    numbers: int = 0

    @property
    def bindings(self) -> list[Binding]:
        """The keys as Textual takes them. Their id is what a configuration names to remap them."""
        return [
            Binding(
                self.keys.format(number),
                self.action.format(number),
                self.label,
                show=self.footer,
                priority=self.room in ("app", "tabs", "search"),  # terminals send Alt+G with the character g
                id=f"{self.room}.{self.name}{number}",
                tooltip=self.help,
            )
            for number in (range(1, self.numbers + 1) if self.numbers else ("",))
        ]

    @property
    def shown_keys(self) -> str:
        """The keys as help shows them, before they are named: those of the first and the last number."""
        return ",".join(self.keys.format(n) for n in (1, self.numbers)) if self.numbers else self.keys


COMMANDS: tuple[Command, ...] = (
    Command("new", "ctrl+n", "new_chat", "New chat", "Start a new chat", "app", footer=True),
    Command("search", "ctrl+k", "search", "Search", "Search all messages", "app", footer=True),
    Command("find", "ctrl+f", "find", "Find in chat", "Find in the open chat; again for the next match", "app"),
    Command("import", "ctrl+r", "import", "Import", "Look now for what is new from every source", "app"),
    Command("sidebar", "f9", "toggle_sidebar", "Sidebar", "Show or hide the list of chats", "app"),
    Command("theme", "f8", "app.toggle_theme", "Light/dark", "Change between the light and the dark theme", "app"),
    Command(
        "agent", "alt+a", "begin_session", "Agent", "Begin a session in an agent's own program", "app", footer=True
    ),
    Command("quit", "ctrl+q", "app.quit", "Quit", "Close chattui; everything is saved", "app", footer=True),
    Command("new_tab", "ctrl+t", "new_tab", "New tab", "Start a new chat in a tab of its own", "tabs"),
    Command(
        "open_tab", "alt+t", "screen.open_in_tab", "In a tab", "Open the chat in a tab, a hit at its match", "tabs"
    ),
    Command("next_tab", "alt+l,ctrl+pagedown", "screen.tab(1)", "Next tab", "Go to the next tab", "tabs"),
    Command("last_tab", "alt+h,ctrl+pageup", "screen.tab(-1)", "Tab before", "Go to the tab before", "tabs"),
    Command("tab_right", "alt+L", "screen.move_tab(1)", "Tab to the right", "Move the tab to the right", "tabs"),
    Command("tab_left", "alt+H", "screen.move_tab(-1)", "Tab to the left", "Move the tab to the left", "tabs"),
    Command(
        "pin_tab", "alt+i", "screen.pin_tab", "Pin the tab", "Keep the tab in front and open, or let it go", "tabs"
    ),
    Command("close_tab", "alt+w", "screen.close_tab", "Close the tab", "Close the tab", "tabs"),
    Command("reopen_tab", "alt+u", "screen.reopen_tab", "Reopen a tab", "Open the tab that was closed last", "tabs"),
    Command("search_slash", "slash", "search", "Search", "Search all messages", palette=False),
    Command("help", "question_mark,f1", "help", "Help", "Show every key", footer=True),
    Command("back", "escape", "back", "Back", "Go back to where you were", palette=False),
    Command(
        "parent",
        "less_than_sign",
        "parent",
        "Parent chat",
        "Go to the chat that this subagent or fork comes from",
    ),
    Command("write", "w", "write", "Write", "Write a message in this chat", footer=True),
    Command("model", "ctrl+o", "choose_model", "Model", "Choose the model that replies"),
    Command("retry", "A", "retry", "Ask again", "Ask again for a reply to this prompt: a branch"),
    Command("go_on", "C", "go_on", "Go on", "Let the last reply go on"),
    Command("change", "I", "change_prompt", "Change prompt", "Change this prompt and send it as a branch"),
    Command("settings", "f4", "settings", "Settings", "Every option and every key: see it, change it, put it back"),
    Command("database", "f5", "database", "Database", "How the database is, and what to do where it is bad"),
    Command("sources", "f6", "sources", "Sources", "What is read from where; switch sources on and off"),
    Command("faults", "f7", "faults", "Problems", "Show the files that could not be read"),
    Command("rename", "f2", "rename", "Rename", "Give the chat a title"),
    Command("pin", "p", "pin", "Pin", "Keep the chat on top, or let it go"),
    Command("archive", "a", "archive", "Archive", "Take the chat out of the list; it stays searchable"),
    Command("delete", "d,delete", "delete", "Delete", "Delete the chat; u brings it back"),
    Command("export", "x", "export", "Export", "Write the chat to a file: Markdown, HTML, JSON, text"),
    Command("resume", "r", "resume", "Resume", "Go on with the chat in its own tool"),
    Command("hand_over", "R", "hand_over", "Hand over", "Go on in another agent, or copy the command"),
    Command("reveal", "M", "reveal", "Show secrets", "Show hidden keys and passwords until you leave the chat"),
    Command("undo", "u", "undo", "Undo", "Bring the chat deleted or archived last back"),
    Command("tags", "t", "tags", "Tags", "Tag the chat"),
    Command("chat_note", "T", "chat_note", "Note on the chat", "Write a note on the chat"),
    Command("details", "K", "details", "Details", "What is known of the chat: see it, change it"),
    Command("snapshots", "Z", "snapshots", "Snapshots", "What the chat was like before: see, compare, go back"),
    Command("snapshot", "z", "snapshot", "Take a snapshot", "Keep the chat as it is now, by a name"),
    Command("duplicate", "P", "duplicate", "Duplicate", "Make a chat of your own with the same messages"),
    Command("merge", "J", "merge", "Merge", "Make one chat of those of the selected hits"),
    Command("split", "X", "split", "Split", "Make what follows the current message a chat of its own"),
    Command("saved", "S", "saved", "Saved searches", "Go to the saved searches"),
    Command("bookmarks", "B", "bookmarks", "Bookmarks", "List the bookmarks of all chats"),
    Command("by_chat", "alt+g", "screen.by_chat", "By chat", "Hits by chat, or one below the other", "search"),
    Command("best", "alt+o", "screen.best", "Best first", "The best of the newest hits first, or the newest", "search"),
    Command("meaning", "alt+m", "screen.meaning", "By meaning", "Ask also by meaning, or by words alone", "search"),
    Command(
        "facets", "alt+n", "screen.facets", "Facets", "Narrow the search by source, project, role or month", "search"
    ),
    Command("strip", "alt+v", "screen.facet_strip", "Facets above", "Show or hide the facets above the hits", "search"),
    Command("project", "alt+p", "screen.within_project", "This project", "Look only within the project", "search"),
    Command("chat", "alt+c", "screen.within_chat", "This chat", "Look only within the chat", "search"),
    Command("save", "alt+s", "screen.save_search", "Save search", "Keep the search, with a name", "search"),
    Command("unfold", "right,plus,l", "unfold", "All", "Show all hits of the chat", "hits", palette=False),
    Command(
        "select",
        "space",
        "select",
        "Select",
        "Select the hit; x t a d are then meant for all of them",
        "hits",
        palette=False,
    ),
    Command(
        "narrow",
        "{}",
        "screen.narrow({})",
        "Narrow",
        "Narrow by the facet of this number",
        "hits",
        palette=False,
        numbers=9,  # terminals send Alt+1 as other characters
    ),
    Command("fold", "left,minus,h", "fold", "Best", "Show only the best hits of the chat", "hits", palette=False),
    Command("forget", "d,delete", "forget", "Forget", "Keep the search no more", "saved", palette=False),
    Command("new_here", "n", "screen.new_chat", "New chat", "Start a new chat", "sidebar", palette=False),
    Command(
        "filter",
        "f",
        "screen.filter",
        "Filter",
        "Show only some: words, tag:NAME, has:note, has:bookmark",
        "sidebar",
        footer=True,
    ),
)

ROOMS = {
    "app": "Everywhere",
    "tabs": "Tabs, everywhere",
    "screen": "Outside of text fields",
    "search": "While searching",
    "hits": "In the hits",
    "saved": "In the saved searches",
    "sidebar": "In the list of chats",
    "pane": "In the messages",
    "find": "In the find bar",
    "composer": "While writing",
}
"""The rooms in the order of the help."""


def bindings(room: str) -> list[BindingType]:
    """The bindings of one room."""
    return [binding for c in COMMANDS if c.room == room for binding in c.bindings]
