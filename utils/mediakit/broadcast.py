"""The programmes of a transport stream, read from its tables (ISO/IEC 13818-1 §2.4.4). Part of the probe."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from utils.mediakit.containers import HEAD, ts_packets

PROGRAMMES, PROGRAMME = 0, 2  # table_id: of the table that lists all programmes, and of those that describe one each
STUFFING = 0xFF
TELETEXT = 0x56  # descriptor tag (ETSI EN 300 468 §6.2.43)
SUBTITLES, IMPAIRED = 2, 5  # page types: subtitles, and subtitles for the hearing impaired
ENTRY = 5  # bytes that describe one page


@dataclass(frozen=True)
class Page:
    """A teletext page with subtitles: its number as entered on a remote control ("888"), and its ISO 639 language.

    If the descriptor lists no such page, the number is "subtitle", which makes FFmpeg's decoder take every page that
    is flagged as subtitles.
    """

    number: str
    language: str
    impaired: bool


@dataclass
class Programme:
    """One programme: the PIDs of its streams, and the subtitle pages of its teletext streams, by PID."""

    scrambled: bool = False  # at least one of its streams
    pids: set[int] = field(default_factory=set)
    pages: dict[int, list[Page]] = field(default_factory=dict)


def programmes(file: int) -> list[Programme]:
    """The programmes of a transport stream; an empty list for any other file."""
    packets = ts_packets(os.pread(file, HEAD, 0))
    found: dict[bytes, Programme] = {}
    tables: set[int] = set()
    for pid, section in _sections(packets):
        if pid == 0 and section[0] == PROGRAMMES:
            entries = [section[n : n + 4] for n in range(8, len(section) - 7, 4)]
            tables |= {int.from_bytes(e[2:], "big") & 0x1FFF for e in entries if e[:2] != b"\0\0"}
        elif pid in tables and section[0] == PROGRAMME and len(section) >= 16:
            programme = found.setdefault(section[3:5], Programme())  # by its number
            at = 12 + (int.from_bytes(section[10:12], "big") & 0xFFF)
            while at + 5 <= len(section) - 4:
                own = int.from_bytes(section[at + 1 : at + 3], "big") & 0x1FFF
                length = int.from_bytes(section[at + 3 : at + 5], "big") & 0xFFF
                programme.pids.add(own)
                pages = _pages(section[at + 5 : at + 5 + length])
                if pages:
                    programme.pages[own] = pages
                at += 5 + length
    locked = _scrambled(packets)
    for programme in found.values():
        programme.scrambled = bool(programme.pids & locked)
    return list(found.values())


def scrambled(file: int) -> bool:
    """Whether every programme of a transport stream is scrambled."""
    table = programmes(file)
    if not table:
        return bool(_scrambled(ts_packets(os.pread(file, HEAD, 0))))
    return all(programme.scrambled for programme in table)


def _scrambled(packets: list[bytes]) -> set[int]:
    """The PIDs whose packets are mostly scrambled, by transport_scrambling_control."""
    balance: Counter[int] = Counter()
    for packet in packets:
        if packet[3] & 0x10:  # has a payload
            balance[int.from_bytes(packet[1:3], "big") & 0x1FFF] += 1 if packet[3] & 0xC0 else -1
    return {pid for pid, more in balance.items() if more > 0}


def _sections(packets: list[bytes]) -> Iterator[tuple[int, bytes]]:
    """(PID, section) of all complete table sections, including those that span several packets."""
    begun: dict[int, bytes] = {}
    for packet in packets:
        pid = int.from_bytes(packet[1:3], "big") & 0x1FFF
        begins, extended, has_data = packet[1] & 0x40, packet[3] & 0x20, packet[3] & 0x10
        data = packet[4 + (1 + packet[4] if extended else 0) :] if has_data else b""
        if not data or data.startswith(b"\0\0\1"):  # video, audio or text, not a table
            continue
        end = 1 + data[0] if begins else len(data)  # by pointer_field
        if pid in begun:
            more = begun.pop(pid) + data[1 if begins else 0 : end]
            yield from ((pid, section) for section in _whole(more, begun, pid))
        if begins:
            yield from ((pid, section) for section in _whole(data[end:], begun, pid))


def _whole(data: bytes, begun: dict[int, bytes], pid: int) -> Iterator[bytes]:
    """The complete sections in `data`; an incomplete one at its end is kept in `begun`."""
    while data and data[0] != STUFFING:
        length = 3 + (int.from_bytes(data[1:3], "big") & 0xFFF)
        if len(data) < max(3, length):
            begun[pid] = data
            return
        yield data[:length]
        data = data[length:]


def _pages(descriptors: bytes) -> list[Page]:
    found, unnamed, at = [], list[Page](), 0
    while at + 2 <= len(descriptors):
        tag, length = descriptors[at], descriptors[at + 1]
        entries = descriptors[at + 2 : at + 2 + length] if tag == TELETEXT else b""
        for n in range(0, len(entries) - ENTRY + 1, ENTRY):
            language, kind = entries[n : n + 3].decode("latin-1"), entries[n + 3] >> 3
            unnamed = unnamed or [Page("subtitle", language, impaired=False)]
            if kind in (SUBTITLES, IMPAIRED):
                number = f"{entries[n + 3] & 7 or 8}{entries[n + 4]:02x}"
                found.append(Page(number, language, kind == IMPAIRED))
        at += 2 + length
    return found or unnamed
