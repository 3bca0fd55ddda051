"""Reading and writing media files: probe, ffmpeg, fragmented MP4, WebVTT, sandbox. Independent of Django."""
