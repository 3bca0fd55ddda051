#!/usr/bin/env python
"""Django's command-line door. What is wrong around the site is said in a sentence; --traceback shows where."""

import os
import sys


def main():
    if sys.version_info < (3, 11):  # noqa: UP036
        sys.exit("Python 3.11 or newer is needed; this is " + sys.version.split()[0] + ".")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "streamsite.settings")
    try:
        from django.conf import settings
        from django.core.management import execute_from_command_line
        from django.core.management.base import CommandParser, handle_default_options

        told = CommandParser(add_help=False, allow_abbrev=False)
        told.add_argument("--settings")  # as the cashier's: heeded before the settings are read
        told.add_argument("--pythonpath")
        handle_default_options(told.parse_known_args(sys.argv[2:])[0])
        settings.INSTALLED_APPS  # noqa: B018  some commands would stumble over wrong settings later, and not say so
        execute_from_command_line(sys.argv)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:  # whoever read the output has gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except Exception as error:  # what has no sentence is raised again
        from utils.diagnosis import diagnose

        said = diagnose(error)
        if not said or "--traceback" in sys.argv:
            raise
        sys.exit(said)


if __name__ == "__main__":
    main()
