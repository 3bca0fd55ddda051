"""Services of the catalogue."""

from apps.movies.services.arranging import Assignment, assign_numbers, gaps, repeated
from apps.movies.services.catalogue import (
    UnableToAddEpisode,
    access_changed,
    add_episode,
    announce_missed,
    attach_video,
    clean_content,
    hide,
    publish,
    refresh_episodes,
    refresh_genre_lines,
    refresh_movie,
    restore,
    video_ready,
    withdraw,
)
from apps.movies.services.from_uploads import NamedUpload, UnableToAddUploads, add_episodes, add_films, add_series
from apps.movies.services.numbering import Edit, UnableToEdit, edit_episodes
from apps.movies.services.pictures import examine_pictures, make_pictures
from apps.movies.services.plays import flush_plays, record_play, refresh_rankings
from apps.movies.services.related import related

__all__ = [
    "Assignment",
    "Edit",
    "NamedUpload",
    "UnableToAddEpisode",
    "UnableToAddUploads",
    "UnableToEdit",
    "access_changed",
    "add_episode",
    "add_episodes",
    "add_films",
    "add_series",
    "announce_missed",
    "assign_numbers",
    "attach_video",
    "clean_content",
    "edit_episodes",
    "examine_pictures",
    "flush_plays",
    "gaps",
    "hide",
    "make_pictures",
    "publish",
    "record_play",
    "refresh_episodes",
    "refresh_genre_lines",
    "refresh_movie",
    "refresh_rankings",
    "related",
    "repeated",
    "restore",
    "video_ready",
    "withdraw",
]
