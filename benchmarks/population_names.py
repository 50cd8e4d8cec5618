"""Names for the invented population, and how they are written in their own script."""

# Each line: Latin spellings (the first is the usual one), then the native spelling, if any.
GIVEN: dict[str, list[tuple[tuple[str, ...], str]]] = {
    "english": [
        ((name,), "")
        for name in (
            "James John Robert Michael David William Mary Linda Susan Karen Emily Grace Oliver Jack"
            " Thomas Daniel Paul Mark Laura Alice Henry Samuel Ruth Peter Kevin Brian Amy Rachel"
        ).split()
    ],
    "german": [
        (("Jürgen", "Juergen", "Jurgen"), ""),
        (("Björn", "Bjoern", "Bjorn"), ""),
        (("Käthe", "Kaethe", "Kathe"), ""),
        *(((name,), "") for name in "Stefan Andreas Martin Sabine Anke Ulrike Lukas Lena".split()),
    ],
    "spanish": [
        (("José", "Jose"), ""),
        (("María", "Maria"), ""),
        (("Ángel", "Angel"), ""),
        *(((name,), "") for name in "Carlos Juan Luis Ana Carmen Pablo Lucia Diego".split()),
    ],
    "polish": [
        (("Łukasz", "Lukasz"), ""),
        (("Michał", "Michal"), ""),
        (("Małgorzata", "Malgorzata"), ""),
        *(((name,), "") for name in "Piotr Pawel Anna Ewa Tomasz Marek".split()),
    ],
    "russian": [
        (("Sergey", "Sergei", "Serguei"), "Сергей"),
        (("Dmitry", "Dmitri", "Dmitriy"), "Дмитрий"),
        (("Aleksandr", "Alexander", "Alexandr"), "Александр"),
        (("Yulia", "Julia", "Iuliia"), "Юлия"),
        (("Evgeny", "Evgenii", "Yevgeny"), "Евгений"),
        (("Natalia", "Nataliya", "Natalya"), "Наталия"),
        (("Mikhail", "Michail", "Mihail"), "Михаил"),
        (("Olga",), "Ольга"),
    ],
    "greek": [
        (("Giorgos", "Georgios", "Yiorgos"), "Γιώργος"),
        (("Dimitris", "Dimitrios"), "Δημήτρης"),
        (("Eleni", "Helen"), "Ελένη"),
        (("Nikos", "Nikolaos"), "Νίκος"),
    ],
    "chinese": [
        (("Wei",), "伟"),
        (("Xiaoming", "Xiao Ming"), "小明"),
        (("Jing",), "静"),
        (("Lihua", "Li Hua"), "丽华"),
        (("Jianguo", "Jian Guo"), "建国"),
        (("Haoran", "Hao Ran"), "浩然"),
        (("Yuxin", "Yu Xin"), "雨欣"),
        (("Qiang",), "强"),
    ],
    "japanese": [
        (("Yuki",), "ゆき"),
        (("Sakura",), "さくら"),
        (("Takashi",), "たかし"),
        (("Shohei", "Shouhei"), "しょうへい"),
        (("Yuko", "Yuuko"), "ゆうこ"),
        (("Kenta",), "けんた"),
    ],
    "korean": [
        (("Minjun", "Min-jun", "Minjoon"), "민준"),
        (("Seoyeon", "Seo-yeon"), "서연"),
        (("Jiho", "Ji-ho"), "지호"),
        (("Hyunwoo", "Hyun-woo", "Hyeonu"), "현우"),
    ],
    "arabic": [
        (("Mohammed", "Muhammad", "Mohamed"), "محمد"),
        (("Ahmed", "Ahmad"), "أحمد"),
        (("Fatima", "Fatma"), "فاطمة"),
        (("Youssef", "Yusuf", "Yousef"), "يوسف"),
    ],
    "indian": [
        (("Rahul",), "राहुल"),
        (("Priya",), "प्रिया"),
        (("Amit",), "अमित"),
        (("Lakshmi", "Laxmi"), "लक्ष्मी"),
        (("Sanjay",), "संजय"),
    ],
}
FAMILY: dict[str, list[tuple[tuple[str, ...], str]]] = {
    "english": [
        ((name,), "")
        for name in (
            "Smith Jones Taylor Brown Wilson Evans Johnson Walker White Roberts Green Hall Wood"
            " Clark Lewis Harris Cooper King Baker Turner Carter Parker Bennett Ashworth Pemberton"
        ).split()
    ],
    "german": [
        (("Müller", "Mueller", "Muller"), ""),
        (("Schröder", "Schroeder", "Schroder"), ""),
        (("Weiß", "Weiss"), ""),
        (("Schäfer", "Schaefer", "Schafer"), ""),
        *(((name,), "") for name in "Schmidt Fischer Weber Wagner Becker Hoffmann Koch".split()),
    ],
    "spanish": [
        (("García", "Garcia"), ""),
        (("Fernández", "Fernandez"), ""),
        (("Muñoz", "Munoz"), ""),
        (("Núñez", "Nunez"), ""),
        *(((name,), "") for name in "Lopez Torres Romero Navarro Vega Castillo".split()),
    ],
    "polish": [
        (("Wójcik", "Wojcik"), ""),
        (("Kowalczyk",), ""),
        (("Dąbrowski", "Dabrowski"), ""),
        (("Zieliński", "Zielinski"), ""),
        *(((name,), "") for name in "Nowak Kowalski Mazur Krawczyk".split()),
    ],
    "russian": [
        (("Ivanov", "Iwanow"), "Иванов"),
        (("Kuznetsov", "Kuznecov"), "Кузнецов"),
        (("Chernyshevsky", "Tchernyshevski"), "Чернышевский"),
        (("Zhukov", "Jukov"), "Жуков"),
        (("Tsvetaev", "Cvetaev"), "Цветаев"),
        (("Yakovlev", "Jakovlev", "Iakovlev"), "Яковлев"),
        (("Popov",), "Попов"),
        (("Shcherbakov", "Scherbakov"), "Щербаков"),
    ],
    "greek": [
        (("Papadopoulos",), "Παπαδόπουλος"),
        (("Georgiou",), "Γεωργίου"),
        (("Nikolaidis", "Nicolaides"), "Νικολαΐδης"),
        (("Vasileiou", "Vassiliou"), "Βασιλείου"),
    ],
    "chinese": [
        (("Wang",), "王"),
        (("Li",), "李"),
        (("Zhang",), "张"),
        (("Chen",), "陈"),
        (("Liu",), "刘"),
        (("Zhao",), "赵"),
        (("Ouyang", "Ou-yang"), "欧阳"),
        (("Xu",), "徐"),
    ],
    "japanese": [
        (("Sato", "Satou"), "さとう"),
        (("Suzuki",), "すずき"),
        (("Tanaka",), "たなか"),
        (("Ito", "Itou", "Itoh"), "いとう"),
        (("Watanabe",), "わたなべ"),
    ],
    "korean": [
        (("Kim", "Gim"), "김"),
        (("Lee", "Yi", "Rhee"), "이"),
        (("Park", "Bak"), "박"),
        (("Choi", "Choe"), "최"),
    ],
    "arabic": [
        (("Hassan", "Hasan"), "حسن"),
        (("El Sayed", "Elsayed", "Al-Sayed"), "السيد"),
        (("Mansour", "Mansur"), "منصور"),
        (("Haddad",), "حداد"),
    ],
    "indian": [
        (("Sharma",), "शर्मा"),
        (("Patel",), "पटेल"),
        (("Krishnan", "Krishnan"), "कृष्णन"),
        (("Singh",), "सिंह"),
        (("Gupta",), "गुप्ता"),
    ],
}
# How often people of the population come from each; the rest of a family name is invented.
CULTURES: dict[str, int] = {
    "english": 30,
    "german": 10,
    "spanish": 10,
    "polish": 6,
    "russian": 10,
    "greek": 3,
    "chinese": 12,
    "japanese": 5,
    "korean": 4,
    "arabic": 4,
    "indian": 6,
}
# Those who write the family name first, in their own script, without a space.
FAMILY_FIRST = {"chinese", "japanese", "korean"}
NON_LATIN = [culture for culture in CULTURES if GIVEN[culture][0][1]]
SYLLABLES = (
    "ba be bo bra cal dar del dor en fal fen gal gri han hol in jar kel ker lan lin lor mal mar mer"
    " nor ol pel quin ran ros sal sen tal tor un val ver wil win yar zel"
).split()
ENDINGS = (
    "berg by dale ell er ert feld ford ham ini ley man mann off sen son stein sky ton wick".split()
)
NICKNAMES = (
    "alex sunny neo shadow ghost max ninja dev coder pixel fox wolf dragon luna star codemonkey"
    " bytes zero rex kiwi panda rocket moon byte hacker lucky root cat tiger blue"
).split()
MAIL_HOSTS = (
    "gmail.com outlook.com yahoo.com proton.me gmx.de mail.ru qq.com 163.com icloud.com".split()
)
COMPANIES = [
    f"{name}.{ending}"
    for name, ending in zip(
        (
            "initech globex hooli acme umbrella stark wayne tyrell cyberdyne soylent vandelay"
            " wonka aperture massive oscorp"
        ).split(),
        ("com io dev com org com net ai io com co com dev com de").split(),
        strict=True,
    )
]
ROLES = "info support admin contact hello team office sales noreply dev".split()
MACHINE_MAILS = [
    "root@localhost",
    "user@localhost.localdomain",
    "ubuntu@ip-10-0-0-1.ec2.internal",
    "you@example.com",
    "pi@raspberrypi",
    "admin@MacBook-Pro.local",
]
MACHINE_NAMES = ["root", "Your Name", "unknown", "ubuntu", "user", "pi", "admin"]
