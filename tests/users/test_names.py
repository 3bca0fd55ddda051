"""Names that pass for another's: read by their looks, refused beside the field; the honest one beside each."""

from __future__ import annotations

from contextlib import suppress
from threading import Barrier, Thread

import icu
import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, OperationalError, connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.test import Client
from django.utils import timezone

from apps.users import services
from apps.users.identifiers import LONGEST, adopt, clean_nickname, normalize_username, validate_username
from apps.users.models import Registration, User
from apps.users.reserved_names import impersonates_staff
from tests.factories import make_user
from tests.users.conftest import PASSWORD
from utils.confusables import mixes_scripts, skeleton

ENGLAND = "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"  # its flag
OFFICIAL = """
    admin аdmin аdmіn adm1n @dm!n adm¡n adm|n admin_ _admin a.d.m.i.n a_d-m.i_n 4dm1n aadminn ADMlN ADMIΝ adrnin
    àdmïn ａｄｍｉｎ ɑdmin ᴀᴅᴍɪɴ ⓐⓓⓜⓘⓝ 𝐚𝐝𝐦𝐢𝐧 🅰🅳🅼🅸🅽 🇦🇩🇲🇮🇳 ᎪdᎷin admin2026 adm1n2026 xX_admin_Xx lin_admin AdminLin
    siteadmin superadmin Administrator 0fficial official.lin Officia1 system ѕуѕtem r00t root support
    support-team $upport Support_Team 管理员 管理员_ 管理員 超级管理员1号 官方 官方客服 官·方 官1方 官⽅ 客服
    客.服 客a服 站长 系统 系統 系统管理员 Admin小李 streamsite Str3amsite Streamsite官方 streamsite.official
    ＳｔｒｅａｍＳｉｔｅ 관리자 админ АДМИН deleted-12 deleted12 已注销 admin\u3164 ad\u200bmin ad\u00admin
    \u202eadmin admin\ufe0f 客\u3164服 官\u2800方 管\U000e0100理员 adm\U000e0069in
"""
HONEST = """
    badminton Badminton BADMINTON badmintonlin 羽毛球badminton unofficial domain nomad admiral administrate2
    jadmine lin 李雷 李lin 林克2 太阳系 systemofadown rootbeer supporter modest streamer site stream owners_cat
    serviceman 系统工程师小李 管理学硕士 服务员小王 方便面 长官 りんlin リン林 김민수 Việt Łukasz हिन्दी 𠮷野家
    𪚥 李𡃁 αβγ
"""


@pytest.mark.parametrize("name", OFFICIAL.split())
def test_a_name_that_sounds_official_is_found_however_it_is_written(name):
    assert impersonates_staff(name)


@pytest.mark.parametrize("name", HONEST.split())
def test_a_name_that_only_holds_such_letters_is_not(name):
    assert not impersonates_staff(name)
    assert clean_nickname(name) == name


@pytest.mark.parametrize(
    ("name", "official"),
    [("星河官方", True), ("星河影院", True), ("星 河 影 院", True), ("我爱星河", False), ("streamsite", False)],
)
def test_the_name_of_the_site_is_its_own(settings, name, official):
    settings.SITE_NAME = "星河影院"
    assert impersonates_staff(name) is official


def test_a_site_of_two_letters_keeps_them_only_alone(settings):
    settings.SITE_NAME = "Go"
    assert [impersonates_staff(name) for name in ("Go", "g0", "Go admin", "go home", "Lingo")] == [
        True, True, True, False, False,
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text", ["w", "l1", "rn", "ad", "i!", "vip", "4", "mod", "n", "s5", "site", "user", "admi ", "no"]
)
def test_what_can_be_read_in_many_ways_is_read_at_once(text):
    """As one pattern of `re`, twenty-nine w and a z weren't read within an hour."""
    assert not impersonates_staff((text * 30)[:29] + "z")


@pytest.mark.parametrize(
    "name",
    [
        "аlin", "linо", "lin\u3164", "\u115flin", "lin\uffa0", "\u202elin", "lin\u200d", "li\u2066n", "lin\u2800",
        "lin\ufeff", "lin\U000e0041", "हlin", "λin", "ليlin", "linかん한",
        "a\u0301\u0301\u0302\u0303\u0304\u0305\u0306",
        "li\u034fn",        "١2٣", "._-", "--", "\u0301lin", "lin😀", "lin\ue000", "𝅙lin", "li n",
    ],
)  # fmt: skip
def test_a_user_name_in_disguise_is_refused(name):
    with pytest.raises(ValidationError):
        validate_username(normalize_username(name))


@pytest.mark.parametrize(
    "name",
    [
        "lin", "李lin", "𠮷野家", "𪚥\U0002b740\U0002ceb0\U000323af", "việt", "Viê\u0323t", "łukasz", "हिन्दी",
        "தமிழ்", "ไทยดี", "김lin", "りんlinカ", "ㄅㄆlin", "дмитрий", "αλέξης",
        "محمد", "דוד", "l.i-n_1", "lin007", "李雷2",
    ],
)  # fmt: skip
def test_a_user_name_in_one_hand_is_taken(name):
    validate_username(normalize_username(name))


@pytest.mark.parametrize(
    "text",
    [
        "\u3164", "\u200b\u200b", "\u2800", "\u00ad", "\u202e\u202c", "\u0301", "\ue000", "lin\u3164", "\u202enil",
        "a\u2066b",        "lin\u200dlin", "x" + "\u0336" * 6, "pаypal 李", "1٣", "lin\U000e0020",
    ],
)  # fmt: skip
def test_a_nickname_in_disguise_is_refused(text):
    with pytest.raises(ValidationError):
        clean_nickname(text)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("  小 \u3000林\t", "小 林"), ("Лев и Lin", "Лев и Lin"), ("👩‍👩‍👧‍👦 家", "👩‍👩‍👧‍👦 家"), ("❤️", "❤️"),
        ("1️⃣队", "1️⃣队"), (ENGLAND, ENGLAND),
        ("🇨🇳", "🇨🇳"), ("नम\u200dस्ते", "नम\u200dस्ते"), ("می\u200cخواهم", "می\u200cخواهم"),
        ("葛\U000e0100", "葛\U000e0100"), ("", ""),
        ("Vie\u0302\u0323t", "Việt"), ("Ω≈ç√∫", "Ω≈ç√∫"), ("(´･ω･`)", "(´･ω･`)"), ("O'Neil·张", "O'Neil·张"),
    ],
)  # fmt: skip
def test_a_nickname_that_can_be_read_is_kept(text, kept):
    assert clean_nickname(text) == kept


def test_looks_are_those_of_the_unicode_standard():
    """The known answers of UTS #39 §4, in ICU's data; another version draws other looks: a migration renews them."""
    assert icu.UNICODE_VERSION == "16.0"
    assert skeleton("paypal") == skeleton("раура1") == skeleton("ｐａｙｐａｌ") == skeleton("PAYPAL") == "paypal"
    assert skeleton("scope") == skeleton("ѕсоре")  # in Cyrillic from end to end
    assert skeleton("modern") == skeleton("modem") == "rnodern"
    assert skeleton("lin\u3164") == skeleton("l\u200bin") == skeleton("LIN") == "lin"
    assert len({skeleton(name) for name in ("lin", "lim", "李", "𠮷", "𡃁", "cafe", "café")}) == 7
    assert mixes_scripts("pаypal")
    assert not mixes_scripts("李lin りん 한글")


def _refused(post, field: str, **sent: str) -> str:
    answer = post("/user/register/", {"username": "lin", "email": "lin@example.com", "password": PASSWORD, **sent})
    assert answer.status_code == 400
    assert list(answer.context["form"].errors) == [field]
    assert not Registration.objects.exists()
    return answer.content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["аdmin", "admin\u3164", "管理员_", "官方客服", "\u202elin", "linо", "\u3164\u3164"])
def test_signing_up_says_beside_the_field_what_is_wrong(post, kept, name):
    page = _refused(post, "username", username=name)
    assert 'id="id_username_error"' in page or "id_username_error" in page


@pytest.mark.django_db
def test_the_reason_is_said_in_the_language_of_the_page(client, post, kept):
    assert "名称中含有不可见字符" in _refused(post, "username", username="lin\u3164")
    assert "不能混用不同文字" in _refused(post, "username", username="linо")
    assert "该用户名不可使用" in _refused(post, "username", username="管理員")


@pytest.mark.django_db
def test_a_name_that_looks_like_anothers_gets_a_number(post, kept, client):
    make_user(username="scope")
    post("/user/register/", {"username": "ѕсоре", "email": "x@example.com", "password": PASSWORD})
    client.post(kept.link())
    made = User.objects.get(email="x@example.com")
    assert made.username.startswith("ѕсоре")
    assert made.username != "ѕсоре"
    post("/user/register/", {"username": "scoper", "email": "y@example.com", "password": PASSWORD})
    client.post(kept.link())
    assert User.objects.get(email="y@example.com").username == "scoper"


@pytest.mark.django_db
def test_the_database_holds_one_name_of_each_look():
    make_user(username="modern")
    with pytest.raises(IntegrityError), transaction.atomic():
        User(username="modem").save()
    make_user(username="modest")


@pytest.mark.django_db(transaction=True)
def test_of_names_that_look_alike_made_at_once_one_is_the_plain_one():
    barrier, wanted = Barrier(3), ["modern", "modem", "modern"]

    def make(name: str) -> None:
        barrier.wait()
        try:
            while True:
                with suppress(OperationalError):  # SQLite in memory waits for nobody's lock
                    services.registration.save_under_free_name(User(), name)
                    break
        except Exception as error:  # the test fails on it, and shows it
            failed.append((name, error))
        finally:
            connection.close()

    failed: list[tuple[str, Exception]] = []
    threads = [Thread(target=make, args=(name,)) for name in wanted]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert not failed
    looks = list(User.objects.values_list("skeleton", flat=True))
    assert len(set(looks)) == 3
    assert User.objects.filter(username__in=["modern", "modem"]).count() == 1


@pytest.mark.django_db
def test_names_of_before_are_kept_and_sign_in(client):
    """The migration leaves two that look alike: both keep their names, and no new account can look the same."""
    first, second = make_user(username="scope"), make_user(username="other")
    User.objects.filter(pk=second.pk).update(username="ѕсоре", skeleton=f"{first.skeleton}#{second.pk}")
    for name in ("scope", "ѕсоре"):
        assert Client().post("/user/login/", {"username": name, "password": PASSWORD}).status_code == 302
    second.refresh_from_db()
    second.save()
    assert second.skeleton == f"{first.skeleton}#{second.pk}"
    services.deletion.delete_account(user=first, at=timezone.now())
    assert services.registration.save_under_free_name(User(), "scope").username != "scope"


@pytest.mark.django_db
def test_a_member_of_before_called_deleted_is_in_nobodys_way():
    user = make_user(username="lin")
    make_user(username=f"deleted-{user.pk}")
    services.deletion.delete_account(user=user, at=timezone.now())
    user.refresh_from_db()
    assert user.username.startswith(f"deleted-{user.pk}-")
    other = make_user(username="chen")
    services.deletion.delete_account(user=other, at=timezone.now())
    assert User.objects.get(pk=other.pk).username == f"deleted-{other.pk}"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "username", "nickname"),
    [
        ("Lin Wei", "linwei", "Lin Wei"), ("аdmin", None, ""), ("官方客服", None, ""), ("\u3164\u3164", None, ""),
        ("Lin\u202e Wei\u3164", "linwei", "Lin Wei"), ("Stream Site", None, ""), ("李雷 😀", "李雷", "李雷 😀"),
        ("", None, ""),
        ("lin@example.com", "lin", "lin@example.com"), ("138", None, "138"),
        ("हिन्दी", "हिन्दी", "हिन्दी"),
        ("Lin" * 20, "lin" * 10, "Lin" * 10),
    ],
)  # fmt: skip
def test_an_account_from_elsewhere_brings_an_honest_name(name, username, nickname):
    user = services.identities.make_account(person=services.identities.Person("oidc", "s", "", name), at=timezone.now())
    assert user.username == username if username else user.username.startswith("user-")
    assert user.nickname == nickname
    assert len(user.username) <= LONGEST
    assert adopt(name) == (username or "")


@pytest.fixture
def lin(client) -> User:
    user = make_user(username="lin", language="zh-hans")
    client.force_login(user)
    return user


def _call(client, user: User, nickname: str) -> bool:
    answer = client.post("/user/userown/", {"form": "profile", "nickname": nickname, "language": "zh-hans"})
    user.refresh_from_db()
    if answer.status_code == 302:
        return True
    assert list(answer.context["forms"]["profile"].errors) == ["nickname"]
    return False


@pytest.mark.django_db
def test_members_have_no_official_nicknames_and_staff_may(client, lin):
    for nickname in ("官方客服", "Аdmin", "Streamsite 官方", "\u2067lin", "\u3164", "客 服"):
        assert not _call(client, lin, nickname)
        assert lin.nickname == ""
    assert _call(client, lin, "羽毛球 Badminton")
    staff = make_user(is_staff=True)
    client.force_login(staff)
    assert _call(client, staff, "官方客服")
    assert not _call(client, staff, "客服\u3164")


@pytest.mark.django_db
def test_nobody_passes_for_one_of_the_staff(client, post, kept, lin):
    make_user(username="secret.name", nickname="王芳", is_staff=True)
    assert not _call(client, lin, "王 芳".replace(" ", "\u200b"))
    assert not _call(client, lin, "王芳")
    assert _call(client, lin, "王芳芳")
    assert _call(client, lin, "secret.name")  # what staff sign in with isn't told
    client.logout()
    assert "容易被误认为官方人员" in _refused(post, "username", username="王芳")


@pytest.mark.django_db
def test_a_nickname_of_before_is_in_nobodys_way(client, lin):
    User.objects.filter(pk=lin.pk).update(nickname="官方\u3164")
    assert _call(client, lin, "官方\u3164")
    assert not _call(client, lin, "官方")


@pytest.mark.django_db
def test_the_administration_judges_names_as_well(client):
    make_user(username="modern")
    client.force_login(make_user(username="root", is_staff=True, is_superuser=True))
    sent = {"password1": PASSWORD, "password2": PASSWORD, "usable_password": "true"}
    sent |= {"memberships-TOTAL_FORMS": "0", "memberships-INITIAL_FORMS": "0"}
    for name in ("modem", "lin\u3164", "linо"):
        answer = client.post("/admin/users/user/add/", {**sent, "username": name})
        assert answer.status_code == 200
        assert "username" in answer.context["adminform"].form.errors
    assert client.post("/admin/users/user/add/", {**sent, "username": "support"}).status_code == 302
    user = User.objects.get(username="support")
    page = f"/admin/users/user/{user.pk}/change/"
    change = {
        "username": "support",
        "nickname": "官方客服",
        "memberships-TOTAL_FORMS": 0,
        "memberships-INITIAL_FORMS": 0,
    }
    assert "nickname" in client.post(page, change).context["adminform"].form.errors
    assert client.post(page, {**change, "is_staff": "on"}).status_code == 302
    user.refresh_from_db()
    assert (user.nickname, user.is_staff) == ("官方客服", True)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_the_migration_keeps_every_name_there_is():
    executor = MigrationExecutor(connection)
    newest = [leaf for leaf in executor.loader.graph.leaf_nodes() if leaf[0] == "users"]
    executor.migrate([("users", "0004_letters")])
    old = executor.loader.project_state([("users", "0004_letters")]).apps.get_model("users", "User")
    names = ["modern", "modem", "Modern", "lin", "lin\u3164", "官方", "\u3164", "\u200b", "x" * 150]
    try:
        old.objects.bulk_create(old(username=name, password="!") for name in names)
    finally:
        MigrationExecutor(connection).migrate(newest)
    kept = dict(User.objects.order_by("pk").values_list("username", "skeleton"))
    assert list(kept) == names
    assert [look.partition("#")[0] for look in kept.values()] == [
        "rnodern", "rnodern", "rnodern", "lin", "lin", "官方", "", "", "x" * 150,
    ]  # fmt: skip
    assert [name for name, look in kept.items() if "#" in look] == ["modem", "Modern", "lin\u3164", "\u200b"]
    for user in User.objects.all():
        user.save()
    assert dict(User.objects.order_by("pk").values_list("username", "skeleton")) == kept
