"""The containers that are opened at all: true ones, that hold their pictures themselves.

A file named .mp4 that holds an HLS playlist, a concat list or an SVG makes ffmpeg read other people's files.
"""

DEMUXERS = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,flv,live_flv,mpegts,mpeg,mpegvideo,asf,ogg,rm,mxf,wav,mp3,aac,ac3,eac3,"
    "flac,h264,hevc,m4v,dv,nut,ivf,av1,obu,gif,vc1,rawvideo,wtv"
)
