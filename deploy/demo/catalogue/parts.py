"""What a title of the demo catalogue consists of."""

from __future__ import annotations

from dataclasses import dataclass, field

Line = tuple[float, float, str, str]  # from, to (seconds), Chinese, English


@dataclass(frozen=True)
class Part:
    """One episode; `look` changes the title's colours, `seed` its shapes and music."""

    title: str = ""
    seconds: float = 18
    look: dict[str, str] = field(default_factory=dict)
    seed: int = 0
    lines: tuple[Line, ...] = ()
    chapters: tuple[tuple[float, str], ...] = ()
    intro: tuple[float, float] | None = None  # seconds
    outro: float | None = None  # seconds


@dataclass(frozen=True)
class Title:
    key: str
    kind: str  # apps.movies.models.Kind
    category: str  # a slug of SHELVES
    title: str
    original: str
    tagline: str
    summary: str
    genres: tuple[str, ...]
    region: str
    year: int
    scene: str  # a name of deploy.demo.scenery.SCENES
    look: dict[str, str]
    mood: str  # a name of deploy.demo.music.MOODS
    parts: tuple[Part, ...]
    people: tuple[tuple[str, str, str], ...] = ()  # role, name, character
    aliases: tuple[str, ...] = ()
    access: str = "free"
    price: str = "10.00"  # yuan
    member_price: str = "5.00"  # yuan
    preview: int | None = None  # seconds
    planned: int = 0  # 0: as many as there are
    days: tuple[int, ...] = ()  # of its updates; Monday is 0
    hour: int = 20  # of its updates
    exclusive: bool = False
    languages: tuple[str, ...] = ("汉语普通话",)
    tags: tuple[str, ...] = ()
    seed: int = 1
    moment: float = 3.0  # of the scene, that poster and backdrop show; seconds
    layout: str = "foot"  # foot | wide | top, or upright: side | left; where the poster's title stands
    ink: str = "#ffffff"
    lines: tuple[str, ...] = ()  # the title as broken on the poster; empty: in one line
    plays: int = 20_000
    score: str = "8.0"
    ratings: int = 300
    comments: tuple[str, ...] = ()
    banner: str = ""  # empty: not in the carousel
    content: str = ""
    material: tuple[tuple[str, str], ...] = ()  # title, text
    size: tuple[int, int] = (1280, 720)


SHELVES = (
    ("film", "电影", "Films"),
    ("series", "剧集", "Series"),
    ("variety", "综艺", "Variety"),
    ("animation", "动画", "Animation"),
    ("documentary", "纪录片", "Documentaries"),
    ("course", "课程", "Courses"),
)
GENRES = {
    "剧情": "Drama", "爱情": "Romance", "科幻": "Science fiction", "悬疑": "Mystery", "冒险": "Adventure", "奇幻": "Fantasy",
    "家庭": "Family", "历史": "History", "自然": "Nature", "科学": "Science", "人文": "Culture", "音乐": "Music",
    "真人秀": "Reality", "设计": "Design", "编程": "Programming", "治愈": "Feel-good",
}  # fmt: skip
ABOUT_GENRES = {
    "剧情": ("人与人之间的事，慢慢说。这里有灯塔下没有寄出的信，也有沙漠里造的一条船。", "What happens between people, told slowly: letters never sent, and a ship built in the desert."),
    "悬疑": ("先别急着猜凶手，留意桌上多出来的那副碗筷。", "Don't guess yet. Look at the extra bowl on the table."),
    "科幻": ("从会眨眼的行星，到只有一个方程的宇宙。", "From a planet that blinks to a universe in one equation."),
    "治愈": ("适合一个人、一盏灯、一碗热汤的夜晚。", "For a night with one lamp and a bowl of soup."),
}  # fmt: skip
REGIONS = {
    "中国大陆": "Mainland China", "中国香港": "Hong Kong, China", "中国台湾": "Taiwan, China",
    "冰岛": "Iceland", "日本": "Japan", "法国": "France",
}  # fmt: skip
LANGUAGES = {
    "汉语普通话": "Mandarin", "粤语": "Cantonese", "英语": "English", "法语": "French", "冰岛语": "Icelandic",
    "无对白": "No dialogue",
}  # fmt: skip
TAGS = {
    "海": "The sea", "书信": "Letters", "极光": "Northern lights", "手艺": "Craft", "沙漠": "Desert", "都市": "City",
    "雨夜": "Rainy night", "太空": "Space", "选择": "Choices", "水墨": "Ink painting", "古风": "Ancient China",
    "封闭空间": "Locked in", "雪": "Snow", "中秋": "Mid-Autumn", "青春": "Youth", "童话": "Fairy tale", "短片": "Short",
    "云南": "Yunnan", "旅途": "On the road", "年代": "Period drama", "江河": "River", "实验": "Experiment",
    "音乐现场": "Live music", "无解说": "No narration", "乡土": "Countryside", "微观": "Microscopic",
    "数学之美": "Beauty of maths", "图案": "Patterns", "航拍": "From the air", "候鸟": "Migrating birds",
    "零基础": "For beginners", "版面": "Layout",
}  # fmt: skip
MEMBERS = (
    ("demo-muyu", "木鱼花"), ("demo-chuan", "川西以西"), ("demo-alin", "阿林看片"), ("demo-zhou", "周末不加班"),
    ("demo-nan", "南方有雪"), ("demo-xiaoman", "小满未满"), ("demo-keke", "可可没有糖"), ("demo-lao", "老胶片"),
)  # fmt: skip
NOTICES = (
    (
        "欢迎来到演示片库",
        "这里的影片、海报和配乐都是在你的机器上现场生成的，没有一帧来自外部。尽管点开看看，也可以在后台添加你自己的影片。",
        True,
    ),
    ("《长风渡口》每周三、周四更新", "会员抢先看最新一集，普通用户可试看片头。", False),
    ("播放器小技巧", "按空格暂停，左右方向键快退快进，按 ? 可以查看全部快捷键。", False),
)
