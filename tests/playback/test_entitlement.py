"""What is bought can be watched, by its buyer, for as long as it is theirs."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import AnonymousUser
from django.urls import reverse
from django.utils import timezone

from apps.media.models import State, Video
from apps.movies.models import Access, Audience, Movie
from apps.orders import services as orders
from apps.orders.models import Payment, Purchase
from apps.playback import services
from apps.playback.models import Stream
from apps.playback.services.streams import Place, Player
from apps.users import services as users
from apps.users.models import Membership
from tests.factories import make_episode, make_member, make_paid_movie, make_plan, make_sale, make_user

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 21, 12, tzinfo=timezone.get_default_timezone())
DAY = timedelta(days=1)
INSTANT = timedelta(microseconds=1)


def kind(viewer, episode, at: datetime | None = None) -> str:
    return services.authorize(audience=Audience(viewer, at or timezone.now()), episode=episode).kind


@pytest.fixture
def film():
    return make_episode(movie=make_paid_movie())


def test_its_buyer_watches_the_film_and_others_do_not(client, film):
    buyer, other = make_user(), make_user()
    make_sale(user=buyer, item=film.movie)
    make_sale(user=other, item=make_paid_movie())
    grant = services.authorize(audience=Audience(buyer, timezone.now()), episode=film)
    assert (grant.kind, grant.reason, grant.withheld) == ("full", "", "")
    assert services.authorize(audience=Audience(other, timezone.now()), episode=film).reason == "buy"
    assert services.authorize(audience=Audience(AnonymousUser(), timezone.now()), episode=film).reason == "sign_in"
    client.force_login(buyer)
    answer = client.get(reverse("playback:addresses", args=[film.movie_id, 1]), headers={"Accept": "*/*"})
    assert (answer.status_code, answer.json()["kind"], len(answer.json()["files"])) == (200, "full", 2)
    client.force_login(other)
    answer = client.get(reverse("playback:addresses", args=[film.movie_id, 1]), headers={"Accept": "*/*"})
    assert answer.json()["kind"] == "refused"  # the film has no preview here


def test_what_went_back_is_watched_no_more(film):
    buyer = make_user()
    order = make_sale(user=buyer, item=film.movie)
    row = orders.refund(
        payment=Payment.objects.get(order=order), amount=Decimal("5.00"), reason="", by=None, at=timezone.now()
    )
    assert row.state == "requested"
    assert kind(buyer, film) == "full"  # until the gateway gave it back
    Purchase.objects.update(held=None, taken_back_at=timezone.now())
    assert kind(buyer, film) == "refused"
    assert not orders.owns(user=buyer, movie_id=film.movie_id)


def test_a_plan_opens_what_is_for_members_and_nothing_that_is_sold(film):
    vip, buyer = make_episode(access=Access.VIP), make_user()
    assert kind(buyer, vip) == "preview"
    make_sale(user=buyer, item=make_plan())
    assert kind(buyer, vip) == "full"
    assert kind(buyer, film) == "refused"


def test_a_membership_counts_from_its_first_moment_and_not_at_its_last():
    user = make_user()
    users.extend_membership(user=user, days=30, at=NOON)
    moments = [NOON - INSTANT, NOON, NOON + 30 * DAY - INSTANT, NOON + 30 * DAY]
    assert [users.is_member(user=user, at=at) for at in moments] == [False, True, True, False]
    assert [users.membership_streams(user=user, at=at) for at in moments] == [0, 2, 2, 0]
    assert not users.is_member(user=make_user(), at=NOON)


def test_memberships_follow_on_each_other_and_what_is_taken_back_leaves_the_rest():
    user = make_user()
    first = users.extend_membership(user=user, days=30, at=NOON)
    second = users.extend_membership(user=user, days=7, at=NOON + DAY, streams=4)
    assert (second.starts_at, second.ends_at) == (NOON + 30 * DAY, NOON + 37 * DAY)
    assert users.membership_end(user=user, at=NOON + DAY) == NOON + 37 * DAY
    assert users.membership_streams(user=user, at=NOON + 31 * DAY) == 4
    assert users.take_back_membership(membership=first, at=NOON + 10 * DAY) == 20 * DAY
    second.refresh_from_db()
    assert (second.starts_at, second.ends_at) == (NOON + 10 * DAY, NOON + 17 * DAY)
    assert users.membership_end(user=user, at=NOON + 10 * DAY) == NOON + 17 * DAY
    assert users.membership_end(user=user, at=NOON + 17 * DAY) is None
    later = Membership.objects.create(user=user, starts_at=NOON + 20 * DAY, ends_at=NOON + 21 * DAY)
    assert users.take_back_membership(membership=second, at=NOON + 10 * DAY) == 7 * DAY
    later.refresh_from_db()
    assert later.starts_at == NOON + 20 * DAY  # given for a date of its own


@pytest.mark.parametrize("state", [State.FAILED, State.PROCESSING, State.UPLOADED])
def test_a_film_that_never_became_ready_is_refused_to_everybody(state):
    episode = make_episode()
    Video.objects.update(state=state, ready_at=None)
    episode.refresh_from_db()
    assert services.authorize(audience=Audience(make_user(), timezone.now()), episode=episode).reason == "not_ready"
    episode.video.ready_at = timezone.now()  # it was ready, and is encoded anew
    assert kind(make_user(), episode) == "full"


@pytest.mark.parametrize(("status", "kinds"), [("published", "full"), ("draft", "refused"), ("withdrawn", "refused")])
def test_a_title_off_the_shelf_is_refused_even_to_its_buyer(film, status, kinds):
    buyer = make_user()
    make_sale(user=buyer, item=film.movie)
    Movie.objects.update(status=status)
    film.movie.refresh_from_db()
    assert kind(buyer, film) == kinds


def test_a_deleted_title_is_refused_even_to_its_buyer(film):
    buyer = make_user()
    make_sale(user=buyer, item=film.movie)
    film.movie.deleted_at = timezone.now()
    assert kind(buyer, film) == "refused"


def test_staff_who_have_no_titles_to_look_after_pay_like_everybody(film):
    assert kind(make_user(is_staff=True), film) == "refused"
    assert kind(make_user(is_superuser=True), film) == "refused"  # rights without the administration
    assert kind(make_user(is_staff=True, is_superuser=True), film) == "full"


def test_a_place_is_held_for_twelve_seconds_after_a_sign_of_life():
    member, episode = make_member(), make_episode(access=Access.VIP)
    first, second, third = (Player(name) for name in "abc")

    def take(player: Player, at: datetime) -> Place:
        return services.streams.hold(user=member, player=player, episode=episode, at=at)

    Membership.objects.update(starts_at=NOON - DAY, ends_at=NOON + DAY)
    second_ = timedelta(seconds=1)
    assert [take(first, NOON), take(second, NOON), take(third, NOON)] == [Place.HELD, Place.HELD, Place.FULL]
    assert take(first, NOON + 12 * second_) is Place.HELD  # a sign of life
    assert take(third, NOON + 12 * second_) is Place.FULL
    assert take(third, NOON + 13 * second_) is Place.HELD  # the second one's has lapsed
    assert take(second, NOON + 13 * second_) is Place.FULL
    assert Stream.objects.count() == 2


def test_how_many_players_each_title_allows():
    at = timezone.now()
    plan, movie = make_plan(streams=4), make_paid_movie()
    member, buyer = make_user(), make_user()
    make_sale(user=member, item=plan)
    vip = make_episode(access=Access.VIP).movie
    later = at + timedelta(minutes=1)
    assert services.streams.allowed(user=member, movie=vip, at=later) == 4
    assert services.streams.allowed(user=member, movie=movie, at=later) == 4
    assert services.streams.allowed(user=buyer, movie=movie, at=later) == 2  # STREAMS_AT_ONCE
    assert services.streams.allowed(user=buyer, movie=vip, at=later) == 1
