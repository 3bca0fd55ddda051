"""The people of the demo catalogue, as invented as its titles."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """A person; `hair` is a shape of deploy.demo.portraits, `shade` the hue of the background in degrees."""

    original: str
    born: str
    birthplace: str
    about: str
    hair: str
    shade: int
    glasses: bool = False
    aliases: tuple[str, ...] = ()


PEOPLE = {
    "林见川": Figure("Lin Jianchuan", "1974-03-18", "浙江温州", "导演、编剧。大学读的是水文，拍了十年纪录片才转向剧情片，镜头里总有水。代表作《潮汐之下》《长风渡口》。", "short", 205, True),
    "秦若溪": Figure("Qin Ruoxi", "1991-05-04", "山东青岛", "演员。话剧舞台出身，习惯在开拍前独自走一遍人物走过的路。《潮汐之下》里全片只有四十二句台词。", "long", 340, aliases=("若溪",)),
    "贺远山": Figure("He Yuanshan", "1958", "甘肃敦煌", "演员。四十岁以前是木工，第一次演戏是替剧组修门框时被导演叫住的。", "grey", 28),
    "陶一鸣": Figure("Tao Yiming", "1993-11", "四川成都", "演员，也写歌。擅长演不知道自己要什么的年轻人。", "curly", 160),
    "许念慈": Figure("Xu Nianci", "1980-08-09", "江苏苏州", "导演。相信好电影像一封慢信，写的人不急，读的人也不急。", "bun", 265),
    "顾长歌": Figure("Gu Changge", "1988-12-21", "黑龙江漠河", "演员。为《极光来信》在观测站住了一个冬天，至今每天记录气温。", "short", 190),
    "伊琳·海德": Figure("Irin Heide", "1985", "冰岛雷克雅未克", "演员、纪录片导演。《风的形状》用三年走了七个国家。", "long", 215, aliases=("伊琳",)),
    "马国安": Figure("Ma Guo'an", "1961-02-11", "云南大理", "演员。演过二十多个司机、船工和护林员，自称“交通系统老职工”。", "cap", 40),
    "马库尔": Figure("Ma Ku'er", "1979", "云南红河", "导演。哈尼族，从小跟着祖父在梯田里放水，镜头从不催人。", "short", 95),
    "丁小禾": Figure("Ding Xiaohe", "2012-06-01", "河南洛阳", "小演员。最喜欢的导演指令是“你就当我不在”。", "bob", 50),
    "关子维": Figure("Kwan Tsz-wai", "1970-10-30", "香港", "导演。凌晨三点的城市是他唯一的片场。", "grey", 285, True),
    "梁启言": Figure("Leung Kai-yin", "1982-07", "香港", "演员。演《雨夜霓虹》前考了出租车驾照，杀青后还跑了一个月夜班。", "short", 320),
    "周牧野": Figure("Zhou Muye", "1983-04-24", "北京", "导演，物理学硕士。把方程拍成故事，也把故事写成方程。", "curly", 230, True),
    "白若霖": Figure("Bai Ruolin", "1986-09-15", "安徽黄山", "演员。学过八年国画，《墨山行》中的每一笔都是自己画的。", "bun", 10),
    "沈砚秋": Figure("Shen Yanqiu", "1966", "福建泉州", "导演、美术指导。只拍纸上能画出来的东西。", "grey", 30),
    "于凤芝": Figure("Yu Fengzhi", "1946-01-20", "湖南湘西", "演员。七十岁第一次演电影，得知要演阿婆，说“这个我熟”。", "bun", 355),
    "何安朵": Figure("Ho An-to", "1984-05", "台湾花莲", "导演。拍青春，也拍青春过去以后的海。", "bob", 175, True),
    "叶时雨": Figure("Ye Shiyu", "1996-03-03", "浙江杭州", "演员、配音演员。一个人可以配一整个纸上王国。", "long", 125),
    "艾蒂安·罗什": Figure("Étienne Roche", "1972-12-01", "法国里昂", "动画与纪录片导演。相信简单的规则里藏着一切。", "curly", 250),
    "水野澄": Figure("Mizuno Sumi", "1977", "日本京都", "动画导演。一年只画一部短片，一部只画一个夜晚。", "bob", 195),
    "罗小满": Figure("Luo Xiaoman", "1990-05-21", "广西桂林", "主持人、讲师。生日正好是小满，凡事留一分余地。", "curly", 75),
    "陈音": Figure("Chen Yin", "1981-02", "上海", "声学研究者，常驻节目科学家。能用一盆水讲清楚和弦。", "bob", 300, True),
    "宋可为": Figure("Song Kewei", "1978-11-11", "广东广州", "平面设计师，教了十五年基本功。口头禅是“再删一点”。", "short", 15, True),
}  # fmt: skip
