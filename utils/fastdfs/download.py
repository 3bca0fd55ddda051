"""Downloads with failover between replicas."""

from __future__ import annotations

from collections.abc import Iterator

from utils.fastdfs.cluster import Cluster
from utils.fastdfs.errors import BadRequest, NotFound, Unavailable
from utils.fastdfs.limits import PIECE_BYTES
from utils.fastdfs.names import FileId
from utils.fastdfs.pool import Pool
from utils.fastdfs.protocol import Address, Command, download_body


class Replicas:
    """Reads one file. The storage that served last is asked first, without a tracker query."""

    def __init__(self, cluster: Cluster, pool: Pool, file_id: FileId) -> None:
        self._cluster = cluster
        self._pool = pool
        self.file_id = file_id
        self._last: Address | None = None

    def pieces(self, start: int, end: int) -> Iterator[bytes]:
        """The bytes from `start` up to `end`, which must exist, in pieces. Raises NotFound, Unavailable.

        When a storage fails, the next one continues at the same byte. Rounds over the storages end once a round yields
        no piece, so there are never more rounds than pieces.
        """
        while start < end:
            reached = start
            reason: BadRequest | NotFound | Unavailable | None = None
            for address in self._candidates():
                try:
                    for piece in self._from(address, reached, end):
                        reached += len(piece)
                        self._last = address
                        yield piece
                except (BadRequest, NotFound) as error:  # bad: the replica hasn't got as far as this
                    reason = reason or error
                except Unavailable as error:
                    self._cluster.failed(address)
                    reason = error
                if reached == end:
                    return
            if reached == start:
                raise reason or Unavailable(f"No storage is known for {self.file_id}.")
            start = reached

    def _candidates(self) -> Iterator[Address]:
        last, self._last = self._last, None
        if last:
            yield last
        yield from (address for address in self._cluster.replicas(self.file_id) if address != last)

    def _from(self, address: Address, start: int, end: int) -> Iterator[bytes]:
        """Pieces from one storage. If the reply is not read to its end, the connection is closed."""
        with self._pool.connection(address) as connection:
            connection.request(Command.DOWNLOAD, download_body(self.file_id, start, end - start))
            length = connection.reply_length(self._pool.limits.io_seconds)
            if length != end - start:
                raise Unavailable(f"{address} has {length} of {end - start} bytes of {self.file_id}.")
            while start < end:
                piece = connection.receive(min(PIECE_BYTES, end - start))
                start += len(piece)
                yield piece
