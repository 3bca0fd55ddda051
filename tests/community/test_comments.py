"""Comments: taken, counted, hidden."""

from __future__ import annotations

import unicodedata

import pytest
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone

from apps.community import services
from apps.community.models import Comment
from apps.movies.models import Movie
from tests.factories import make_episode, make_movie, make_user

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("text", "kept"), [("好", "好"), ("  好\n", "好"), ("好" * 500, "好" * 500), ("\x00a", "a")])
def test_a_comment_is_kept_without_its_margins(text, kept):
    services.post_comment(user=make_user(), movie=make_movie(), text=text)
    assert Comment.objects.get().text == kept


@pytest.mark.parametrize(
    "text",
    [
        "", " \n\t", "\x00", "好" * 501, "\u3164", "\u200b\n\u2800", "\u202e\u202c", "\u00ad\ufeff", "\u115f\u1160",
        "\u0301\u0301", "\U000e0061" * 9, "\ufe0f", "\ue000", "好" + "\u200b" * 100_000,
    ],
)  # fmt: skip
def test_nothing_and_too_much_are_refused_and_cost_no_pause(text):
    user, movie = make_user(), make_movie()
    with pytest.raises(services.UnableToComment):
        services.post_comment(user=user, movie=movie, text=text)
    services.post_comment(user=user, movie=movie, text="好")
    assert Movie.objects.get().comments_count == 1


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("\u202eneves\u202c \u2066好\u2069", "neves 好"), ("好\u3164\u200b看", "好看"),
        ("a\r\nb\rc\n\nd", "a\nb\nc\n\nd"),
        ("Z" + "\u0332\u031e" * 30, "Z" + "\u0332\u031e\u0332\u031e\u0332"), ("ก" + "\u0e47" * 40, "ก" + "\u0e47" * 5),
        ("👩‍👩‍👧‍👦 ❤️ 1️⃣ 🇨🇳", "👩‍👩‍👧‍👦 ❤️ 1️⃣ 🇨🇳"),
        ("می\u200cخواهم", "می\u200cخواهم"), ("नम\u200dस्ते हिन्दी", "नम\u200dस्ते हिन्दी"),
        ("Tiê\u0301ng Việt", "Tiếng Việt"), ("𠮷野家 葛\U000e0100", "𠮷野家 葛\U000e0100"),
        ("מַלְכָּא", "מַלְכָּא"), ("བརྒྱུད", "བརྒྱུད"),
        ("\U000e0061好\ufe0f", "好"), ("好" * 500 + "\u200b" * 500, "好" * 500),
    ],
)  # fmt: skip
def test_what_cannot_be_seen_is_left_out_and_scripts_stay_whole(text, kept):
    services.post_comment(user=make_user(), movie=make_movie(), text=text)
    assert Comment.objects.get().text == unicodedata.normalize("NFC", kept)


def test_a_comment_in_hebrew_does_not_turn_the_line_around(client):
    episode = make_episode()
    services.post_comment(user=make_user(nickname="דוד"), movie=episode.movie, text="שלום (1)")
    page = client.get(reverse("playback:watch", args=[episode.movie_id, 1])).content.decode()
    assert "<bdi>דוד</bdi>" in page
    assert '<p dir="auto">שלום (1)</p>' in page


def test_one_user_waits_between_comments_and_others_do_not():
    user, movie = make_user(), make_movie()
    services.post_comment(user=user, movie=movie, text="一")
    with pytest.raises(services.UnableToComment):
        services.post_comment(user=user, movie=movie, text="二")
    services.post_comment(user=make_user(), movie=movie, text="三")
    assert Movie.objects.get().comments_count == 2


def test_the_counter_does_not_trust_what_was_loaded():
    movie = make_movie()
    for number in range(3):
        services.post_comment(user=make_user(), movie=movie, text=f"第{number}条")  # `movie` still says 0
    assert Movie.objects.get().comments_count == 3


def test_hiding_twice_counts_once():
    movie = make_movie()
    comments = [services.post_comment(user=make_user(), movie=movie, text="好") for _ in range(2)]
    assert services.hide_comments(comments=comments[:1], at=timezone.now()) == 1
    assert services.hide_comments(comments=comments[:1], at=timezone.now()) == 0
    assert Movie.objects.get().comments_count == 1
    assert list(Comment.objects.shown()) == comments[1:]


def test_a_plain_form_is_sent_back_to_the_comments(client):
    episode = make_episode()
    client.force_login(make_user())
    address = reverse("playback:watch", args=[episode.movie_id, 1])
    answer = client.post(address, {"text": "好看"})
    assert answer.status_code == 302
    assert answer["Location"] == f"{address}#comments"
    assert client.get(address).context["comments"][0].text == "好看"


def test_a_refused_comment_keeps_its_text(client):
    episode = make_episode()
    client.force_login(make_user())
    address = reverse("playback:watch", args=[episode.movie_id, 1])
    client.post(address, {"text": "一"})
    answer = client.post(address, {"text": "太快的一条"})
    assert answer.status_code == 400
    assert "太快的一条" in answer.content.decode()
    cache.clear()
    assert client.post(address, {"text": "太快的一条"}).status_code == 302


def test_a_moderator_hides_comments_in_the_administration(client):
    comment = services.post_comment(user=make_user(), movie=make_movie(), text="广告")
    client.force_login(make_user(is_staff=True, is_superuser=True))
    listing = reverse("admin:community_comment_changelist")
    assert client.get(listing).status_code == 200
    client.post(listing, {"action": "hide", "_selected_action": [comment.pk]})
    comment.refresh_from_db()
    assert comment.hidden_at
    assert client.get(reverse("admin:community_comment_add")).status_code == 403
