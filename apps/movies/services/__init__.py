"""Services of the catalogue."""

from apps.movies.services.arranging import Assignment, assign_numbers, gaps, repeated
from apps.movies.services.calendar import CalendarDay, Entry, Rhythm, State, entries, week
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
from apps.movies.services.changes import announce, announce_renamed
from apps.movies.services.facets import FacetIndex, FacetValue, facet_index, refresh_facet_index
from apps.movies.services.from_uploads import NamedUpload, UnableToAddUploads, add_episodes, add_films, add_series
from apps.movies.services.numbering import Edit, UnableToEdit, edit_episodes
from apps.movies.services.people import UnableToMerge, filmography, merge_people, titles_of
from apps.movies.services.pictures import examine_pictures, make_pictures, make_portrait
from apps.movies.services.plays import flush_plays, record_play, refresh_rankings
from apps.movies.services.related import related
from apps.movies.services.schedules import refresh_schedule

__all__ = [
    "Assignment",
    "CalendarDay",
    "Edit",
    "Entry",
    "FacetIndex",
    "FacetValue",
    "NamedUpload",
    "Rhythm",
    "State",
    "UnableToAddEpisode",
    "UnableToAddUploads",
    "UnableToEdit",
    "UnableToMerge",
    "access_changed",
    "add_episode",
    "add_episodes",
    "add_films",
    "add_series",
    "announce",
    "announce_missed",
    "announce_renamed",
    "assign_numbers",
    "attach_video",
    "clean_content",
    "edit_episodes",
    "entries",
    "examine_pictures",
    "facet_index",
    "filmography",
    "flush_plays",
    "gaps",
    "hide",
    "make_pictures",
    "make_portrait",
    "merge_people",
    "publish",
    "record_play",
    "refresh_episodes",
    "refresh_facet_index",
    "refresh_genre_lines",
    "refresh_movie",
    "refresh_rankings",
    "refresh_schedule",
    "related",
    "repeated",
    "restore",
    "titles_of",
    "video_ready",
    "week",
    "withdraw",
]
