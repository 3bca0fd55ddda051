"""Streams at once: an account's players hold places; one player too many can stop another one."""

from __future__ import annotations

import json
from datetime import timedelta

import m3u8
import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.movies.models import Access
from apps.orders import services as orders
from apps.orders.models import Plan
from apps.playback import services
from apps.playback.models import Stream
from apps.users import services as users
from apps.users.models import Membership
from tests.factories import make_episode, make_member, make_paid_movie, make_plan, make_sale, make_user

pytestmark = pytest.mark.django_db

DOORS = ["rendition", "storyboard", "subtitle"]


def signed_in(user) -> Client:
    client = Client(HTTP_USER_AGENT="Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/140.0.0.0 Safari/537.36")
    client.force_login(user)
    return client


def address(name: str, episode, *more) -> str:
    return reverse(f"playback:{name}", args=[episode.movie_id, episode.number, *more])


def master(client: Client, episode, **who):
    return client.get(address("master", episode), who)


def say(client: Client, name: str, episode, **said):
    return client.post(address(name, episode), json.dumps(said), content_type="application/json")


def heartbeat(client: Client, episode, *, playing: bool = True, **who):
    return say(client, "progress", episode, position=3, duration=20, playing=playing, **who)


def let_pass(seconds: float) -> None:
    """Move every heartbeat so far back by that much."""
    for row in Stream.objects.all():
        row.seen_at -= timedelta(seconds=seconds)
        row.save()


def silence() -> None:
    let_pass(13)


@pytest.fixture
def member():
    return make_member()


@pytest.fixture
def film():
    return make_episode(access=Access.VIP)


def test_of_eight_sessions_two_get_addresses(member, film):
    answers = [master(signed_in(member), film) for _ in range(8)]
    assert [a.status_code for a in answers] == [200, 200] + [403] * 6
    assert answers[2].json() == {"kind": "refused", "reason": "full"}
    assert answers[2]["Cache-Control"] == "private, no-store"


def test_the_players_of_one_session_are_told_apart(member, film):
    client = signed_in(member)
    assert [master(client, film).status_code for _ in range(3)] == [200, 200, 403]  # nameless: each a new one
    Stream.objects.all().delete()
    assert [master(client, film, player=name).status_code for name in "abab"] == [200] * 4
    assert master(client, film, player="c").status_code == 403


def test_sharing_a_name_shares_no_place(member, film):
    answers = [master(signed_in(member), film, player="a").status_code for _ in range(3)]
    assert answers == [200, 200, 403]


def test_every_playlist_that_a_master_names_is_the_same_players(member, film):
    client = signed_in(member)
    listed = m3u8.loads(master(client, film).content.decode())
    addresses = [p.uri for p in listed.playlists] + [m.uri for m in listed.media if m.uri]
    assert len(addresses) == 2
    assert [client.get(one).status_code for one in addresses] == [200, 200]
    assert Stream.objects.count() == 1


@pytest.mark.parametrize("door", ["master", *DOORS])
def test_no_door_gives_addresses_without_a_place(member, film, door):
    from apps.media.models import Subtitle

    subtitle = Subtitle.objects.create(video=film.video, language="zh", label="中文", file="words.vtt")
    more = {"rendition": ["360p"], "subtitle": [subtitle.pk]}.get(door, [])
    client, at = signed_in(member), timezone.now()
    for name in "ab":
        assert (
            services.streams.hold(user=member, player=services.streams.Player(name), episode=film, at=at)
            is services.streams.Place.HELD
        )
    refused = client.get(address(door, film, *more), {"player": "c"})
    assert refused.status_code == 403
    assert b"/v/" not in refused.content
    Stream.objects.filter(player="a").delete()
    assert client.get(address(door, film, *more), {"player": "c"}).status_code == 200


def test_head_gives_no_address_and_takes_no_place(member, film):
    client = signed_in(member)
    assert client.head(address("master", film)).status_code == 200
    assert not Stream.objects.exists()
    for _ in range(2):
        master(signed_in(member), film)
    name = film.video.renditions.filter(variant="full").first().file
    refused = client.head(address("title_file", film, name))
    assert (refused.status_code, "Location" in refused) == (403, False)


@pytest.mark.parametrize("name", ["\ud800", "x" * 200, "\0", "名", '"\n', ["a"], {"a": 1}, 7, None, True])
def test_what_is_no_name_is_the_browsers_player(member, film, name):
    client = signed_in(member)
    for part in ("player", "page"):
        assert say(client, "place", film, **{part: name}).json()["place"] == "held"
        assert heartbeat(client, film, **{part: name}).json()["place"] == "held"
    assert Stream.objects.count() <= 2


def test_a_name_in_an_address_that_is_none_does_no_harm(member, film):
    client = signed_in(member)
    for name in ("%00", "%ff", "%22%0A", "x" * 2000):
        assert client.get(f"{address('master', film)}?player={name}&page={name}").status_code == 200
    assert Stream.objects.count() == 1


def test_what_is_free_plays_everywhere(member):
    free = make_episode()
    assert [master(signed_in(member), free).status_code for _ in range(5)] == [200] * 5
    assert not Stream.objects.exists()


def test_a_preview_plays_everywhere(film):
    user = make_user()
    assert [master(signed_in(user), film).status_code for _ in range(5)] == [200] * 5
    assert not Stream.objects.exists()


def test_curators_look_at_as_many_as_they_like(film):
    curator = make_user(is_staff=True)
    curator.user_permissions.add(Permission.objects.get(codename="view_movie"))
    assert [master(signed_in(curator), film).status_code for _ in range(5)] == [200] * 5


def test_a_heartbeat_holds_the_place_and_silence_frees_it(member, film):
    first, second, third = (signed_in(member) for _ in range(3))
    for client in (first, second):
        assert master(client, film, player="p").status_code == 200
    let_pass(8)
    assert heartbeat(first, film, player="p").json()["place"] == "held"
    let_pass(8)  # the second has been silent for 16 seconds, the first for 8
    assert master(third, film, player="p").status_code == 200
    assert heartbeat(second, film, player="p").json()["place"] == "full"
    assert heartbeat(first, film, player="p").json()["place"] == "held"


def test_a_place_that_lapsed_is_taken_again_while_there_is_room(member, film):
    client = signed_in(member)
    master(client, film, player="p")
    silence()
    assert heartbeat(client, film, player="p").json()["place"] == "held"
    assert Stream.objects.count() == 1


def test_one_that_is_paused_keeps_its_place_and_takes_none(member, film):
    client = signed_in(member)
    master(client, film, player="p")
    assert heartbeat(client, film, playing=False, player="p").json()["place"] == "held"
    silence()
    assert heartbeat(client, film, playing=False, player="p").json()["place"] == ""
    assert [master(signed_in(member), film).status_code for _ in range(2)] == [
        200,
        200,
    ]  # an hour's pause locks nobody out


def test_a_heartbeat_costs_one_statement_more(member, film, django_assert_num_queries):
    client = signed_in(member)
    master(client, film, player="p")
    heartbeat(client, film, player="p", tab="t", number=1)
    with django_assert_num_queries(6):  # session, user, episode, membership, place, the view so far
        heartbeat(client, film, player="p", tab="t", number=2)


def test_closing_frees_the_place_at_once_but_not_that_of_a_reload(member, film):
    client = signed_in(member)
    master(client, film, player="p", page="1")
    master(client, film, player="p", page="2")  # reloaded: what the old page says on its way out comes late
    heartbeat(client, film, playing=False, player="p", page="1")
    say(client, "place", film, player="p", page="1", leave=True)
    assert Stream.objects.count() == 1
    say(client, "place", film, player="p", page="2", leave=True)
    assert not Stream.objects.exists()


def test_the_third_player_is_told_of_the_others_and_stops_one(member, film):
    first, second, third = (signed_in(member) for _ in range(3))
    master(first, film)
    master(second, film, player="p")
    told = say(third, "place", film, player="p").json()
    assert (told["place"], told["limit"], told["kind"]) == ("full", 2, "full")
    assert [(p["device"], p["title"]) for p in told["players"]] == [("Windows 上的 Chrome", film.movie.title)] * 2
    chosen = told["players"][0]["id"]  # of the second, which began last
    assert say(third, "place", film, player="p", stop=chosen).json()["place"] == "held"
    assert master(third, film, player="p").status_code == 200
    # the one that was stopped gets nothing more, however it asks
    assert heartbeat(second, film, player="p").json()["place"] == "stopped"
    for door, more in (("master", []), ("rendition", ["360p"]), ("storyboard", [])):
        answer = second.get(address(door, film, *more), {"player": "p"})
        assert (answer.status_code, answer.json()["reason"]) == (403, "stopped")
    assert say(second, "place", film, player="p").json()["place"] == "stopped"


def test_a_stopped_player_can_take_a_place_back(member, film):
    first, second, third = (signed_in(member) for _ in range(3))
    master(first, film, player="p")
    master(second, film, player="p")
    told = say(third, "place", film, player="p").json()
    say(third, "place", film, player="p", stop=told["players"][0]["id"])
    back = say(second, "place", film, player="p", back=True).json()
    assert (back["place"], len(back["players"])) == ("full", 2)
    again = say(second, "place", film, player="p", stop=back["players"][0]["id"]).json()
    assert again["place"] == "held"
    assert heartbeat(third, film, player="p").json()["place"] == "stopped"
    say(first, "place", film, player="p", leave=True)
    assert say(third, "place", film, player="p", back=True).json()["place"] == "held"


def test_nobody_stops_another_accounts_player(film):
    mine, theirs = make_member(), make_member()
    client = signed_in(theirs)
    master(client, film, player="p")
    row = Stream.objects.get()
    assert say(signed_in(mine), "place", film, player="p", stop=row.pk).json()["place"] == "held"
    assert heartbeat(client, film, player="p").json()["place"] == "held"


@pytest.mark.parametrize("said", [" ", "[]", '{"stop": "x"}', '{"stop": -1}', '{"stop": 1e999}', "[" * 1000])
def test_what_asks_for_no_place_is_refused(member, film, said):
    client = signed_in(member)
    answer = client.post(address("place", film), said, content_type="application/json")
    assert (answer.status_code, Stream.objects.count()) == (400, 0)


def test_another_sites_form_stops_nobody(member, film):
    client = signed_in(member)
    assert client.post(address("place", film), '{"stop": 1}', content_type="text/plain").status_code == 415


def test_plans_carry_how_many(film):
    family, plain = make_plan(name="家庭", streams=4), make_plan()
    user = make_user()
    make_sale(user=user, item=family)
    assert [master(signed_in(user), film).status_code for _ in range(5)] == [200] * 4 + [403]
    other = make_user()
    make_sale(user=other, item=plain)
    assert [master(signed_in(other), film).status_code for _ in range(3)] == [200] * 2 + [403]


def test_a_plan_gives_what_it_was_sold_with():
    plan, user = make_plan(streams=4), make_user()
    order = orders.place_order(user=user, item=plan, at=timezone.now())
    plan.streams = 1
    plan.save()
    assert order.streams == 4


def test_a_gift_of_membership_gives_what_the_site_says(settings):
    settings.STREAMS_AT_ONCE = 3
    user = make_user()
    users.extend_membership(user=user, days=3, at=timezone.now())
    assert Membership.objects.get(user=user).streams == 3


def test_a_bought_title_needs_no_plan_and_shares_the_places(settings):
    movie, user = make_paid_movie(), make_user()
    bought = make_episode(movie=movie)
    make_sale(user=user, item=movie)
    assert [master(signed_in(user), bought).status_code for _ in range(3)] == [200] * 2 + [403]
    # with a membership that allows more, as many as that
    users.extend_membership(user=user, days=3, at=timezone.now(), streams=3)
    assert [master(signed_in(user), bought).status_code for _ in range(2)] == [200, 403]
    assert master(signed_in(user), make_episode(access=Access.VIP)).status_code == 403  # the same three


def test_a_server_whose_clock_was_set_back_locks_nobody_out(member, film):
    for _ in range(2):
        master(signed_in(member), film)
    let_pass(-3600)
    assert master(signed_in(member), film).status_code == 200


def test_the_watch_page_says_whether_a_player_needs_a_place(member, film):
    client = signed_in(member)
    page = client.get(address("watch", film))
    assert page.context["player"]["limited"] is True
    assert client.get(address("watch", make_episode())).context["player"]["limited"] is False
    assert not Stream.objects.exists()  # a page is no player


def test_a_title_that_becomes_vip_shows_its_gate_to_its_viewers(client):
    episode = make_episode()
    client.force_login(make_user())
    assert heartbeat(client, episode, player="p").json()["kind"] == "full"
    episode.movie.access = Access.VIP
    episode.movie.save()
    Plan.objects.update(on_sale=False)
    make_plan(name="影迷卡")
    assert heartbeat(client, episode, player="p").json()["kind"] != "full"
    told = say(client, "place", episode, player="p").json()
    assert (told["reason"], told["place"], told["signedIn"]) == ("vip", "", True)
    assert told["gate"]["message"]
    assert [p["name"] for p in told["gate"]["plans"]] == ["影迷卡"]


def test_places_that_nobody_holds_are_forgotten(member, film):
    at = timezone.now()
    for name, seen, stopped in (("live", 0, None), ("dead", 60, None), ("told", 60, 60), ("old", 7200, 7200)):
        Stream.objects.create(
            user=member, player=name, episode=film, began_at=at, seen_at=at - timedelta(seconds=seen),
            stopped_at=stopped and at - timedelta(seconds=stopped),
        )  # fmt: skip
    assert services.streams.forget_lapsed(at=at) == 2
    assert set(Stream.objects.values_list("player", flat=True)) == {"live", "told"}
