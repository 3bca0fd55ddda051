"""`manage.py statement [--day 2026-11-20] [--bill FILE]`: compare our books with the gateway's bill for a day."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.orders import services
from apps.orders.gateways import CLOCK, GatewayRefused, GatewayUnclear
from utils.templatetags.formats import yuan


class Command(BaseCommand):
    help = "Compare the payments and refunds of a day with the gateway's bill; exits with status 1 if they differ."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--day", type=date.fromisoformat, help="YYYY-MM-DD; yesterday unless given")
        parser.add_argument("--bill", type=Path, help="the bill's file (CSV or ZIP); fetched unless given")

    def handle(self, *_args: Any, day: date | None, bill: Path | None, **_options: Any) -> None:
        day = day or timezone.now().astimezone(CLOCK).date() - timedelta(days=1)
        try:
            result = services.check_day(day=day, at=timezone.now(), content=bill.read_bytes() if bill else None)
        except (OSError, ValueError, GatewayRefused, GatewayUnclear) as error:
            raise CommandError(_("The bill for %(day)s can't be read: %(why)s") % {"day": day, "why": error}) from error
        self.stdout.write(
            _("%(day)s: %(lines)d lines in the bill, total %(theirs)s; total in our books %(ours)s")
            % {"day": day, "lines": result.lines, "theirs": yuan(result.theirs), "ours": yuan(result.ours)}
        )
        words = {
            services.DifferenceKind.NOT_OURS: _("missing from our books"),
            services.DifferenceKind.NOT_THEIRS: _("missing from the bill"),
            services.DifferenceKind.AMOUNT: _("amounts differ"),
            services.DifferenceKind.TWICE: _("duplicated in the bill"),
            services.DifferenceKind.UNKNOWN: _("unrecognized line"),
        }
        for row in result.differences:
            sums = " / ".join("–" if amount is None else yuan(amount) for amount in (row.ours, row.theirs))
            self.stdout.write(f"{words[row.kind]}\t{row.number}\t{row.trade_no}\t{row.request_no or '–'}\t{sums}")
        if result.differences:
            raise CommandError(_("%d differences. Each line: ours / theirs.") % len(result.differences))
        self.stdout.write(_("No differences."))
