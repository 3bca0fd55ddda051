"""Fills a site with the demo catalogue: titles with posters at once, their films through the queue."""

from deploy.demo.services.films import make_video, queue_films
from deploy.demo.services.titles import make_catalogue

__all__ = ["make_catalogue", "make_video", "queue_films"]
