"""chattui's own JSON, as ``chattui export --format json`` writes it. Read where it is named, looked for nowhere."""

from chattui.sources.chattui_json.source import ChattuiJson

__all__ = ["ChattuiJson"]
