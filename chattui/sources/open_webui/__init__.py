"""Open WebUI: chats as its settings and its menus export them."""

from chattui.sources.open_webui.source import OpenWebUi

__all__ = ["OpenWebUi"]
