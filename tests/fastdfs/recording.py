"""Messages that the C programs and servers of FastDFS 6.16.1 exchanged, recorded.

The programs: fdfs_upload_file, fdfs_upload_appender, fdfs_append_file, fdfs_file_info, fdfs_download_file,
fdfs_regenerate_filename, fdfs_delete_file, fdfs_test1.
"""

from __future__ import annotations

from utils.fastdfs import protocol
from utils.fastdfs.names import FileId
from utils.fastdfs.protocol import Command

NORMAL = FileId.parse("group1/M00/00/00/fwAAFWsKEIWAVbblAAAADK8IOy0014.txt")
APPENDER = FileId.parse("group1/M00/00/00/fwAAFWsKEIWEWV1IAAAAAK8IOy0248.txt")
MASTER = FileId.parse("group1/M00/00/00/fwAAFWsKEIWAVKnMAAAADK8IOy0744.txt")
DATA = b"hello world\n"
GROUP1 = "67726f75703100000000000000000000"
NORMAL_HEX = "4d30302f30302f30302f667741414657734b454957415662626c41414141444b38494f79303031342e747874"
APPENDER_HEX = "4d30302f30302f30302f667741414657734b454957455756314941414141414b38494f79303234382e747874"
MASTER_HEX = "4d30302f30302f30302f667741414657734b45495741564b6e4d41414141444b38494f79303734342e747874"

# Each as our client makes it, and as theirs sent it.
REQUESTS = {
    "store one": (protocol.header(Command.QUERY_STORE_ONE, 0), "00000000000000006500"),
    "store all in a group": (
        protocol.header(Command.QUERY_STORE_IN_GROUP_ALL, 16) + protocol.group_field("group1"),
        "00000000000000106b00" + GROUP1,
    ),
    "update": (
        protocol.header(Command.QUERY_UPDATE, 60) + protocol.file_field(APPENDER),
        "000000000000003c6700" + GROUP1 + APPENDER_HEX,
    ),
    "active test": (protocol.header(Command.ACTIVE_TEST, 0), "00000000000000006f00"),
    "upload": (
        protocol.header(Command.UPLOAD, 27) + protocol.upload_head(0, 12, "txt") + DATA,
        "000000000000001b0b00" + "00" + "000000000000000c" + "747874000000" + DATA.hex(),
    ),
    "upload appender": (
        protocol.header(Command.UPLOAD_APPENDER, 27) + protocol.upload_head(0, 12, "txt"),
        "000000000000001b1700" + "00" + "000000000000000c" + "747874000000",
    ),
    "append": (
        protocol.header(Command.APPEND, 72) + protocol.change_head(APPENDER, 12) + DATA,
        "00000000000000481800" + "000000000000002c" + "000000000000000c" + APPENDER_HEX + DATA.hex(),
    ),
    "download": (
        protocol.header(Command.DOWNLOAD, 76) + protocol.download_body(NORMAL, 3, 5),
        "000000000000004c0e00" + "0000000000000003" + "0000000000000005" + GROUP1 + NORMAL_HEX,
    ),
    "file info": (
        protocol.header(Command.FILE_INFO, 60) + protocol.file_field(APPENDER),
        "000000000000003c1600" + GROUP1 + APPENDER_HEX,
    ),
    "regenerate": (
        protocol.header(Command.REGENERATE, 44) + APPENDER.remote_name.encode(),
        "000000000000002c2600" + APPENDER_HEX,
    ),
    "delete": (
        protocol.header(Command.DELETE, 60) + protocol.file_field(NORMAL),
        "000000000000003c0c00" + GROUP1 + NORMAL_HEX,
    ),
    "set metadata": (
        protocol.header(Command.SET_METADATA, 126)
        + protocol.metadata_body(
            MASTER, {"ext_name": "jpg", "width": "160", "height": "80", "file_size": "115120"}, merge=False
        ),
        "000000000000007e0d00" + "000000000000002c" + "0000000000000031" + "4f" + GROUP1 + MASTER_HEX
        + "6578745f6e616d65026a706701776964746802313630016865696768740238300166696c655f73697a6502313135313230",
    ),
    "upload slave": (
        protocol.header(Command.UPLOAD_SLAVE, 94) + protocol.slave_head(MASTER, 12, "_big", "txt") + DATA,
        "000000000000005e1500" + "000000000000002c" + "000000000000000c" + "5f626967000000000000000000000000"
        + "747874000000" + MASTER_HEX + DATA.hex(),
    ),
    # no C program sends these; the comments above storage_modify_file and storage_do_truncate_file say how they look
    "modify": (
        protocol.header(Command.MODIFY, 80) + protocol.change_head(APPENDER, 5, 12) + DATA,
        "00000000000000502200" + "000000000000002c" + "0000000000000005" + "000000000000000c"
        + APPENDER_HEX + DATA.hex(),
    ),
    "truncate": (
        protocol.header(Command.TRUNCATE, 60) + protocol.change_head(APPENDER, 7),
        "000000000000003c2400" + "000000000000002c" + "0000000000000007" + APPENDER_HEX,
    ),
}  # fmt: skip
