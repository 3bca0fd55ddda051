from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser
from haystack import connections
from haystack.management.commands import rebuild_index

from utils.fulltext.rebuilding import NotThisEngine, rebuild


class Command(rebuild_index.Command):
    """Haystack's command, without its gap: the old index answers until the new one is whole."""

    help = "Builds the search index anew, beside the one that answers, and switches over."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)

    def handle(self, **options: Any) -> None:
        for name in options.get("using") or list(connections.connections_info):
            try:
                number = rebuild(name)
            except NotThisEngine:
                super().handle(**options | {"using": [name], "interactive": False})
                continue
            if number is None:
                self.stdout.write("Another rebuild was started meanwhile, and takes the place of this one.")
            else:
                self.stdout.write(f"{number} documents")
