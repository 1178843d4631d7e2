"""Tables and queries: SQLAlchemy Core in, dataclasses out. No Textual, no files of history."""
