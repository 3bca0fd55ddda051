"""Management commands beside a running site, one after the other in one process: each costs no start of its own.

Run with the site's DATA_DIR. Takes a command and its arguments as a line of JSON each, and answers with a line of JSON:
what it printed, and what went wrong.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
import traceback

import django


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "streamsite.settings")
    django.setup()
    from django.core.management import call_command
    from django.db import connections

    for line in sys.stdin:
        printed, wrong = io.StringIO(), ""
        try:
            with contextlib.redirect_stdout(printed):
                call_command(*json.loads(line), stdout=printed)
        except (Exception, SystemExit):  # the test fails, and says why
            wrong = traceback.format_exc()
        connections.close_all()
        print(json.dumps([printed.getvalue(), wrong]), flush=True)  # noqa: T201  (its answer)


if __name__ == "__main__":
    main()
