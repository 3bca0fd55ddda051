"""Courses, with rich text and material."""

from .parts import Part, Title

COURSES = (
    Title(
        key="design", kind="course", category="course", title="设计基本功：从点线面到版式", original="Design Foundations: Point, Line, Plane",
        tagline="三节课，学会“看”版面", lines=("设计基本功", "从点线面到版式"), layout="top", ink="#16181d",
        summary="不讲软件，只讲眼睛。三节短课带你拆解版面里最基本的元素，学会判断一张海报好在哪里、问题出在哪里。适合零基础，也适合想补课的设计师。",
        tags=("零基础", "版面"), genres=("设计",), region="中国大陆", year=2026, scene="bauhaus", mood="study", seed=9, moment=5,
        look=dict(colours="#efe6d5 #d8432b #1f3f7a #f0b429 #16181d #7fb0a8"),
        people=(("teacher", "宋可为", ""),),
        parts=(Part("点：视线落在哪里", 12, lines=((1, 5, "先别急着排版，问自己：第一眼看到了什么？", "Before you lay anything out, ask: what do I see first?"),)),
               Part("线：秩序与节奏", 12, dict(tiles="8"), 15), Part("面：留白不是空白", 12, dict(tiles="4"), 27)),
        planned=6, days=(0, 2, 4), hour=19, plays=48_300, score="9.1", ratings=927,
        content="<h3>这门课适合谁</h3><ul><li>想自学平面设计，但不知道从哪里开始的人</li><li>经常要做汇报、海报、公众号配图的职场人</li><li>学过软件，却总觉得“差点意思”的设计师</li></ul>"
        "<h3>你会学到</h3><ol><li><strong>点</strong>：如何安排视觉焦点，让人第一眼就看到重点</li><li><strong>线</strong>：用对齐与间距建立秩序和节奏</li><li><strong>面</strong>：把留白当作一种主动的设计</li></ol>"
        "<blockquote>好的版面，是读者感觉不到版面的存在。</blockquote><p>每节课后附练习，完成后可以在评论区贴出作品，老师每周点评。</p>",
        material=(("课后练习与版面清单", "设计基本功：从点线面到版式\n\n练习一　找一张你喜欢的海报，用铅笔圈出视线经过的前三个点。\n练习二　把同一段文字排三遍：左对齐、居中、两端对齐，写下各自的语气。\n练习三　删掉版面里三分之一的元素，看看它是否更好。\n\n检查清单\n□ 第一眼落在哪里？是不是最重要的信息？\n□ 有没有至少一条贯穿版面的对齐线？\n□ 字号是否不超过三级？\n□ 留白是设计出来的，还是剩下来的？\n"),),
        comments=("终于有老师把留白讲明白了。", "交作业：三张海报都圈好了，请老师点评！", "短小精悍，通勤路上就能学完一节。"),
    ),
    Title(
        key="life", kind="course", category="course", title="生命游戏：用代码看见涌现", original="The Game of Life: Emergence in Code",
        tagline="四条规则，一个会呼吸的世界", lines=("生命游戏", "用代码看见涌现"), layout="foot",
        summary="从康威的四条规则出发，用不到三十行 Python 写出一个会生长、会迁徙、会灭绝的小宇宙。课程附完整源代码，边学边改，看看你的世界能活多久。",
        tags=("零基础", "数学之美"), genres=("编程", "科学"), region="中国大陆", year=2025, scene="life", mood="study", seed=8, moment=4,
        look=dict(zenith="#07131a", foot="#0c2530", cold="#0f2c38", cool="#126d7a", warm="#23c7a2", hot="#f3ffd6"),
        people=(("teacher", "陈音", ""), ("teacher", "罗小满", "")),
        parts=(Part("四条规则", 12), Part("滑翔机与枪", 12, dict(zenith="#140a1c", foot="#231030", cold="#2c1240", cool="#7a2a86", warm="#f0688a", hot="#fff1d6"), 19),
               Part("从格子到宇宙", 12, dict(zenith="#0a0f1f", foot="#101c38", cold="#152a55", cool="#2a62b8", warm="#7ab8ff", hot="#ffffff"), 41)),
        access="vip", preview=6, planned=5, days=(1, 3, 5), hour=21, plays=36_100, score="8.9", ratings=642,
        content="<h3>课程大纲</h3><ol><li>四条规则：出生、存活、孤独、拥挤</li><li>滑翔机与枪：会移动的图案从哪里来</li><li>从格子到宇宙：为什么简单的规则能产生复杂</li></ol>"
        "<h3>需要准备</h3><p>一台装有 <code>Python 3</code> 的电脑，会写 <code>for</code> 循环即可，不需要数学基础。</p><pre><code>alive = (around == 3) | (alive &amp; (around == 2))</code></pre><p>整门课的核心，就是上面这一行。</p>",
        material=(("课程源代码（life.py）", '"""康威生命游戏：python life.py"""\nimport random\n\nROWS, COLUMNS = 20, 60\nalive = {(r, c) for r in range(ROWS) for c in range(COLUMNS) if random.random() < 0.25}\n\n\ndef step(alive):\n    around = {}\n    for r, c in alive:\n        for dr in (-1, 0, 1):\n            for dc in (-1, 0, 1):\n                if dr or dc:\n                    cell = ((r + dr) % ROWS, (c + dc) % COLUMNS)\n                    around[cell] = around.get(cell, 0) + 1\n    return {cell for cell, n in around.items() if n == 3 or (n == 2 and cell in alive)}\n\n\nfor generation in range(100):\n    alive = step(alive)\nfor r in range(ROWS):\n    print("".join("█" if (r, c) in alive else " " for c in range(COLUMNS)))\n'),),
        comments=("第一次觉得写代码像种花。", "滑翔机飞出屏幕那一刻我喊出声了。"),
    ),
)  # fmt: skip
