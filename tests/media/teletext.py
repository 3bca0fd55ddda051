"""Teletext put into a transport stream by hand: ffmpeg reads but doesn't write it (EN 300 472, EN 300 706)."""

from __future__ import annotations

from pathlib import Path

PID, PROGRAMME = 0x1F0, 0x1000  # of the texts; of ffmpeg's table


def hamming(nibble: int) -> int:
    """Hamming 8/4 (EN 300 706 §8.2)."""
    d1, d2, d3, d4 = (nibble >> n & 1 for n in range(4))
    p1, p2, p3 = 1 ^ d1 ^ d3 ^ d4, 1 ^ d1 ^ d2 ^ d4, 1 ^ d1 ^ d2 ^ d3
    p4 = 1 ^ p1 ^ d1 ^ p2 ^ d2 ^ p3 ^ d3 ^ d4
    return p1 | d1 << 1 | p2 << 2 | d2 << 3 | p3 << 4 | d3 << 5 | p4 << 6 | d4 << 7


def odd(byte: int) -> int:
    return byte | (0x80 if byte.bit_count() % 2 == 0 else 0)


def mirrored(data: bytes) -> bytes:
    return bytes(int(f"{byte:08b}"[::-1], 2) for byte in data)


def line(page: int, row: int, text: bytes, *, header: bool = False) -> bytes:
    """One data unit: a row of a page; row 0 is its header, that also erases the page."""
    magazine = page >> 8 & 7
    address = bytes([hamming(magazine | (row & 1) << 3), hamming(row >> 1)])
    if header:
        control = [page & 15, page >> 4 & 15, 0, 8, 0, 8, 0, 1]  # C4 erase, C6 subtitle, C11 serial
        address += bytes(hamming(n) for n in control)
    text = bytes(odd(c) for c in text.ljust(42 - len(address)))
    return b"\x03\x2c\xe8\xe4" + mirrored(address + text)


def shown(page: int, text: str) -> list[bytes]:
    """A page with one text in its box, or nothing."""
    units = [line(page, 0, b"", header=True)]
    if text:
        units.append(line(page, 20, b"\x0b\x0b" + text.encode() + b"\x0a\x0a"))
    return [*units, line(0x8FF if page >> 8 == 8 else page | 0xFF, 0, b"", header=True)]  # what ends it


def pes(seconds: float, units: list[bytes]) -> bytes:
    """A PES packet of whole TS packets."""
    pts = round(seconds * 90000)
    stamp = bytes([0x21 | pts >> 29 & 14, pts >> 22 & 255, pts >> 14 & 254 | 1, pts >> 7 & 255, pts << 1 & 254 | 1])
    body = b"\x10" + b"".join(units)
    size = 45 + len(body)
    body += b"".join(b"\xff\x2c" + b"\xff" * 44 for _ in range(-(-(size) // 184) * 4 - 1 - len(units)))
    head = b"\0\0\1\xbd" + (len(body) + 39).to_bytes(2, "big") + b"\x84\x80\x24" + stamp.ljust(0x24, b"\xff")
    return head + body


def packets(payload: bytes, counter: int) -> list[bytes]:
    assert len(payload) % 184 == 0, len(payload)
    return [
        bytes([0x47, (0x40 if at == 0 else 0) | PID >> 8, PID & 255, 0x10 | (counter + at // 184) & 15])
        + payload[at : at + 184]
        for at in range(0, len(payload), 184)
    ]


def crc(data: bytes) -> bytes:
    """CRC-32 of MPEG-2 (ISO/IEC 13818-1 annex A)."""
    value = 0xFFFFFFFF
    for byte in data:
        value ^= byte << 24
        for _ in range(8):
            value = (value << 1 ^ 0x04C11DB7 if value & 0x80000000 else value << 1) & 0xFFFFFFFF
    return value.to_bytes(4, "big")


def with_teletext(
    source: Path, target: Path, pages: dict[int, tuple[str, int]], cues: list[tuple[float, int, str]]
) -> Path:
    """A stream that ffmpeg wrote, with texts on pages; `pages` has language and kind of each as the tables name them.

    A cue is the second from the first clock on at which a page shows a text, or nothing.
    """
    data = source.read_bytes()
    described = b"".join(
        language.encode() + bytes([kind << 3 | page >> 8 & 7, page & 255]) for page, (language, kind) in pages.items()
    )
    stream = bytes([6, 0xE0 | PID >> 8, PID & 255, 0xF0, len(described) + 2, 0x56, len(described)]) + described
    out, counter, first, waiting = [], 0, None, sorted(cues)
    for at in range(0, len(data), 188):
        packet = data[at : at + 188]
        if int.from_bytes(packet[1:3], "big") & 0x1FFF == PROGRAMME:
            length = int.from_bytes(packet[6:8], "big") & 0xFFF
            body = packet[8 : 8 + length - 4] + stream
            section = b"\x02" + (0xB000 | len(body) + 4).to_bytes(2, "big") + body
            packet = (packet[:5] + section + crc(section)).ljust(188, b"\xff")
        out.append(packet)
        if packet[3] & 0x20 and packet[4] and packet[5] & 0x10:  # it tells the clock
            clock = (int.from_bytes(packet[6:10], "big") << 1) / 90_000
            first = clock if first is None else first
            while waiting and waiting[0][0] <= clock - first:
                _, page, text = waiting.pop(0)
                made = packets(pes(clock, shown(page, text)), counter)
                counter += len(made)
                out += made
    target.write_bytes(b"".join(out))
    return target
