"""Goose: sessions in its database, and in the files that it kept before."""

from chattui.sources.goose.source import Goose

__all__ = ["Goose"]
