"""Series, shows and documentaries."""

from .parts import Part, Title

SERIES = (
    Title(
        key="inn", kind="series", category="series", title="云上驿站", original="The Inn above the Clouds",
        aliases=("云端驿站",), tagline="海拔三千米，有人给你留了一盏灯",
        summary="辞职的建筑师方觉在滇西深山里接手一间快要倒闭的驿站。过路的人带着各自的心事住下，又带着答案离开：寻找初恋的货车司机、第一次出远门的外婆、"
        "不敢回家的高考生……四个夜晚，四张床位，四场云海。",
        tags=("云南", "旅途"), genres=("治愈", "剧情"), region="中国大陆", year=2025, scene="mountains", mood="warm", seed=3, moment=3,
        look=dict(zenith="#3a5f8f", horizon="#ffc79a", sun="#fff3dc", far="#a9b4d6", near="#101d3a", mist="#ffd9bd"),
        people=(("director", "何安朵", ""), ("cast", "顾长歌", "方觉"), ("cast", "于凤芝", "外婆"), ("cast", "马国安", "老马")),
        parts=(
            Part("夜宿", 16, intro=(0, 4), outro=13, lines=((5, 8, "师傅，还有床位吗？", "Any bed left, sir?"), (9, 12.5, "有。靠窗那张，看得见云。", "There is. By the window, you can see the clouds."))),
            Part("外婆的远门", 16, dict(zenith="#22365f", horizon="#f29a8a", sun="#ffe0c4", far="#8f8fc0", near="#12122e", mist="#f5b6a8"), 31, intro=(0, 4), outro=13,
                 lines=((5, 8.5, "我这辈子，走得最远的地方是镇上。", "The farthest I have ever been is the town."),)),
            Part("雨季的客人", 16, dict(zenith="#31444f", horizon="#b9c9c6", sun="#eef3ee", far="#93a9ac", near="#0f2226", mist="#cfdcd8"), 47, intro=(0, 4), outro=13),
            Part("云海", 16, dict(zenith="#1d3b7a", horizon="#ffdf9e", sun="#fffbe8", far="#9fbbe6", near="#0b1d40", mist="#ffeccb"), 59, intro=(0, 4), outro=13,
                 lines=((5, 9, "你看，云散了，路一直都在。", "Look, the clouds are gone. The road was always there."),)),
        ),
        plays=512_300, score="9.0", ratings=7_215, banner="四个夜晚，四张床位，四场云海",
        comments=(
            "四集看不够，求第二季！", "外婆那一集我哭湿了一包纸巾。", "治愈到想立刻辞职去云南。", "每集的云都不一样，用心了。",
            "“路一直都在”，谢谢，今天刚好需要这句话。", "下饭剧天花板。",
        ),
    ),
    Title(
        key="ferry", kind="series", category="series", title="长风渡口", original="Ferry of the Long Wind",
        tagline="一条江，两岸人，三十年",
        summary="一九八七年，长江边的渡口来了一位新船工。大桥开工的消息传遍两岸，有人盼着它早日通车，有人靠着没有桥的日子过活。"
        "渡船每天来回十二趟，载过嫁妆、棺木、高考准考证，也载走了一个时代。",
        tags=("年代", "江河"), genres=("历史", "剧情"), region="中国大陆", year=2026, scene="sea", layout="side", mood="guqin", seed=8, moment=4,
        look=dict(zenith="#2d3f7a", middle="#c9657b", horizon="#ffb974", light="#fff0c4", cloud="#7a4a78", deep="#2a2450", stars="20", height="0.42", radius="0.12", sails="#231a35", coast="#4b3358"),
        people=(("director", "林见川", ""), ("cast", "白若霖", "江水生"), ("cast", "叶时雨", "周巧云"), ("cast", "贺远山", "老船工")),
        parts=(
            Part("新船工", 14, intro=(0, 3.5), outro=11.5, lines=((4, 8, "过江喽——站稳，扶好！", "Crossing! Stand firm, hold on!"),)),
            Part("涨水", 14, dict(zenith="#1c2b4d", middle="#52688c", horizon="#b8c4cf", light="#f2f4ee", cloud="#46587a", deep="#16263c", sails="#10182a", coast="#2a3a55"), 17, intro=(0, 3.5), outro=11.5),
            Part("大桥", 14, dict(zenith="#3a2a55", middle="#a8556b", horizon="#f08c5a", sails="#1c1226"), 29, intro=(0, 3.5), outro=11.5),
        ),
        access="vip", preview=6, planned=12, days=(2, 3), plays=276_800, score="8.8", ratings=3_642, exclusive=True,
        comments=("追更中，每周三准时蹲。", "渡口的黄昏拍得像油画。", "老船工的手一伸出来就是戏。", "更新太慢了，一口气能看十二集！"),
    ),
    Title(
        key="sound", kind="variety", category="variety", title="声音的形状", original="The Shape of Sound",
        tagline="把耳朵叫醒的音乐实验",
        summary="每期请来一位音乐人和一位科学家，用最简单的道具把一首歌“拆开来看”：水面、沙盘、烛火和一整面墙的灯。你会第一次看见自己熟悉的旋律长什么样。",
        tags=("实验", "音乐现场"), genres=("音乐", "真人秀"), region="中国大陆", year=2026, scene="sound", mood="neon", seed=3, moment=2, layout="top",
        look=dict(zenith="#150a24", foot="#2a0f35", one="#ffd36e", two="#ff5d73", three="#6c5bff"),
        people=(("host", "罗小满", ""), ("cast", "陈音", "常驻科学家")),
        parts=(Part("第1期：一首歌有多高", 14), Part("第2期：沉默的频率", 14, dict(zenith="#04121f", foot="#082033", one="#8affd6", two="#35b4ff", three="#8a5bff"), 23)),
        planned=10, days=(5, 6), hour=12, plays=133_700, score="8.3", ratings=1_408,
        comments=("原来低音长这样！", "比选秀有意思一百倍。", "科学家老师好可爱，求多给镜头。"),
    ),
    Title(
        key="terraces", kind="film", category="documentary", title="梯田四季", original="Four Seasons of the Terraces",
        tagline="一座山，一千三百年，一日三餐",
        summary="摄制组在哀牢山住了整整一年，跟随三户人家灌水、插秧、收割、过年。没有解说，只有水声、脚步声和锅里的声音。航拍镜头由当地年轻人自己完成。",
        tags=("无解说", "乡土"), genres=("自然", "人文"), region="中国大陆", year=2024, scene="terraces", mood="guqin", seed=12, moment=4,
        look=dict(water="#3d5a73", sky="#9fc0cf", cloud="#fff1dd", rice="#5f8f3a", gold="#d6b04a", bank="#22331c", mist="#f2e6da"),
        people=(("director", "马库尔", ""),), parts=(Part(seconds=18, chapters=((0, "春水"), (6, "夏苗"), (12, "秋收"))),),
        plays=58_900, score="9.3", ratings=1_122,
        comments=("没有解说词，反而听见了更多。", "春天灌水那段，像天空碎了一地。"),
    ),
    Title(
        key="growth", kind="film", category="documentary", title="微观生长", original="Growing Small",
        tagline="凑近一点，再凑近一点",
        summary="珊瑚、豹纹、指纹与沙丘，为什么长得如此相像？影片从图灵晚年的一篇论文讲起，用显微摄影和方程模拟，带你看见花纹诞生的那一刻。",
        tags=("微观", "数学之美"), genres=("科学", "自然"), region="中国大陆", year=2025, scene="growth", layout="foot", mood="deep", seed=8, moment=1,
        look=dict(deep="#06121c", low="#0f4a52", middle="#e2725b", high="#ffe6b8", glint="#ffffff"),
        people=(("director", "周牧野", ""),), parts=(Part(seconds=16),), plays=41_200, score="8.5", ratings=860,
        comments=("图灵居然还研究过这个！", "密集恐惧慎入，但真的好美。"),
    ),
    Title(
        key="fractal", kind="film", category="documentary", title="无尽之形", original="Forms without End",
        aliases=("分形之美",), tagline="一个方程里，住着整个宇宙",
        summary="从海岸线的长度到花椰菜的形状，从一行公式到永远放不完的图案。数学家、雪花摄影师和一位织布的老人，用各自的语言讲述同一件事：简单，可以无穷。",
        tags=("数学之美", "图案"), genres=("科学", "人文"), region="法国", year=2023, languages=("法语", "汉语普通话",), scene="julia", layout="wide", mood="vast", seed=3, moment=2,
        look=dict(stops="#05030f #1a1247 #5b1f8a #e0457b #ffb35c #fff4d0"),
        people=(("director", "艾蒂安·罗什", ""),), parts=(Part(seconds=18),), access="vip", preview=6, plays=69_500, score="8.7", ratings=1_377,
        comments=("看完想重学数学，冷静了五分钟又不想了。", "放大那段我盯着看了十遍。"),
    ),
    Title(
        key="winds", kind="film", category="documentary", title="风的形状", original="The Shape of Wind",
        tagline="看不见的，才无处不在",
        summary="候鸟沿着它迁徙，船队靠着它远行，沙漠被它一寸寸搬走。摄影师用三年时间，在七个国家拍摄一种没有颜色、没有形状的东西。",
        tags=("航拍", "候鸟"), genres=("自然",), region="冰岛", year=2022, languages=("英语",), scene="winds", layout="wide", mood="cold", seed=33, moment=2,
        look=dict(zenith="#081522", foot="#0e2f3a", one="#ffe9b0", two="#4fe0c0", three="#3f8cff"),
        people=(("director", "伊琳·海德", ""),), parts=(Part(seconds=12),), plays=27_600, score="8.0", ratings=513,
        comments=("片子安静得像一次深呼吸。",),
    ),
)  # fmt: skip
