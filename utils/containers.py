"""The containers that are opened at all: true ones, that hold their pictures themselves.

A file named .mp4 that holds an HLS playlist, a concat list or an SVG makes ffmpeg read other people's files.
"""

DEMUXERS = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,flv,live_flv,mpegts,mpeg,mpegvideo,asf,ogg,rm,mxf,wav,mp3,aac,ac3,eac3,"
    "flac,h264,hevc,m4v,dv,nut,ivf,av1,obu,gif,apng,vc1,rawvideo,wtv"
)

# What a file of these containers begins with, at which byte.
SIGNATURES = (
    (4, b"ftyp"), (4, b"moov"), (4, b"mdat"), (0, b"\x1aE\xdf\xa3"), (8, b"AVI "), (0, b"FLV\x01"),
    (0, b"0&\xb2u\x8ef\xcf\x11"), (0, b"\0\0\1\xba"), (0, b"OggS"), (0, b".RMF"), (0, b"\x06\x0e+4"),
)  # fmt: skip
