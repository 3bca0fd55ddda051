"""Views used by the watch page and the player."""
