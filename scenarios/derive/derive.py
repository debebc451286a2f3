#!/usr/bin/env python3
"""Derives the data files under scenarios/ from their raw sources.

    python3 derive.py RAW_DATA_DIR OUTPUT_DIR

Standard library only, deterministic. README.md beside this file says where each raw file comes
from and how each output is made. Nothing in Tonnage needs the raw files or this script: the
derived files are committed. The tables of checks are printed to standard output.
"""

import csv
import datetime
import os
import statistics
import sys
import tarfile
import zoneinfo

DAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
OWN_LICENCE = "MIT OR Apache-2.0 (this project's own)"

SERVEGEN = (
    "ServeGen, https://github.com/alibaba/ServeGen, commit "
    "f891d1189eb32b3868dfc443800c4150548c282a, data/language/m-small/chunk-*-trace.csv "
    "(second column, requests per second in 10-minute steps, summed over the 43 clients). "
    "Described in: Xiang et al., ServeGen, NSDI 2026, "
    "https://www.usenix.org/conference/nsdi26/presentation/xiang-servegen"
)
SERVEGEN_LICENCE = "Apache-2.0 (source data); derived numbers likewise"
AUTOSCALER = "https://github.com/kubernetes/autoscaler, commit 55c37cd5eb550756c5ccc5a89e9068d77797e575"


# ---------------------------------------------------------------------------------- writing TOML


def quote(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def block(text):
    """A multi-line TOML string from an indented Python one, one paragraph line per line."""
    lines = [line.strip() for line in text.strip().splitlines()]
    assert '"""' not in text and "\\" not in text
    return '"""\n' + "\n".join(lines) + '\n"""'


def header(kind, title, source, licence, derivation, notes):
    return "\n".join(
        [
            "# Written by scenarios/derive/derive.py; change that, not this.",
            "format = 1",
            f"kind = {quote(kind)}",
            f"title = {quote(title)}",
            f"source = {quote(source)}",
            f"licence = {quote(licence)}",
            f"derivation = {block(derivation)}",
            f"notes = {block(notes)}",
            "",
        ]
    )


def write(out, name, text):
    path = os.path.join(out, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        file.write(text)


def rounded_to_sum(values, total, places):
    """Rounds, then gives the rounding residue to the largest value, so the decimals add up."""
    scale = 10**places
    units = [round(value * scale) for value in values]
    units[units.index(max(units))] += total * scale - sum(units)
    return [unit / scale for unit in units]


def rows(raw, name):
    with open(os.path.join(raw, name), encoding="utf-8-sig", newline="") as file:
        yield from csv.DictReader(file)


# ------------------------------------------------------------------------------- activity curves

# Assumed: relative starts at the start of each local hour of an ordinary office day. 1 = the
# morning plateau.
OFFICE_DAY = [
    0.03, 0.02, 0.015, 0.015, 0.02, 0.04, 0.10, 0.28, 0.65, 0.95, 1.00, 0.97,
    0.75, 0.80, 0.95, 0.95, 0.85, 0.58, 0.30, 0.20, 0.18, 0.15, 0.09, 0.05,
]  # fmt: skip
WEEKEND_DAY = [
    0.03, 0.02, 0.01, 0.01, 0.01, 0.01, 0.02, 0.03, 0.06, 0.09, 0.11, 0.11,
    0.09, 0.09, 0.09, 0.09, 0.09, 0.08, 0.07, 0.07, 0.07, 0.06, 0.05, 0.03,
]  # fmt: skip
# Volume of the day against the mean of Monday to Thursday: sizes of the daily archives of a week of
# coding-agent sessions, 1 to 7 June 2026: 567 593 590 547 523 119 133 MB.
DAY_VOLUME = [1, 1, 1, 1, 0.91, 0.21, 0.23]


def normalised(week):
    """Seven lists of 24 numbers, scaled to a mean of 1 over the week.

    With linear interpolation that wraps, the mean of the function is the mean of its 168 knots.
    """
    flat = [value for day in week for value in day]
    mean = sum(flat) / len(flat)
    flat = rounded_to_sum([value / mean for value in flat], 168, 6)
    return [flat[24 * day : 24 * day + 24] for day in range(7)]


def office_week():
    shapes = [OFFICE_DAY] * 5 + [WEEKEND_DAY] * 2
    return normalised(
        [[v * volume / sum(day) for v in day] for day, volume in zip(shapes, DAY_VOLUME)]
    )


def servegen_rates(raw):
    rates = [
        float(row["requests_per_s_col2_summed_over_clients"])
        for row in rows(raw, "servegen/language_m-small_rate.csv")
    ]
    assert len(rates) == 14 * 144
    return rates


def production_day(rates):
    """The typical day: for each hour the median over 14 days of (rate around it / day's median).

    A ratio to the same day's median removes level shifts from day to day; a median over days
    ignores dropouts and single bursts. The value at hour h is the mean of the six 10-minute
    steps from h-30 min to h+30 min.
    """
    ratios = [[] for _ in range(24)]
    for day in range(14):
        level = statistics.median(rates[144 * day : 144 * day + 144])
        for hour in range(24):
            middle = 144 * day + 6 * hour
            steps = rates[max(0, middle - 3) : middle + 3]
            ratios[hour].append(sum(steps) / len(steps) / level)
    return [statistics.median(values) for values in ratios]


def curve_file(week, **meta):
    text = header("activity-curve", **meta) + "\n[intensity]\n"
    for name, day in zip(DAYS, week):
        lines = [", ".join(f"{value:.6f}" for value in day[i : i + 8]) for i in (0, 8, 16)]
        text += f"{name} = [\n" + "".join(f"    {line},\n" for line in lines) + "]\n"
    return text


def make_curves(raw, out):
    office = office_week()
    production = normalised([production_day(servegen_rates(raw))] * 7)
    mixed = normalised(
        [[(a + b) / 2 for a, b in zip(x, y)] for x, y in zip(office, production)]
    )
    flat = [[1.0] * 24 for _ in range(7)]
    definition = """
        Relative intensity of session starts at the start of each local hour, linear in between,
        wrapping from the end of Sunday to Monday 00:00. Mean over the week: 1."""

    write(out, "curves/flat.toml", curve_file(
        flat,
        title="Flat: the same at every hour",
        source="None: a constant",
        licence=OWN_LICENCE,
        derivation="1 everywhere.",
        notes=definition + """
        For readings that assume a constant load, and for tests.""",
    ))  # fmt: skip
    write(out, "curves/office-hours.toml", curve_file(
        office,
        title="Office hours (assumed)",
        source="Hours: assumed, see the notes. Days of the week: GitHub Copilot Coding Agent Traces 2026, sizes of the daily archives, https://github.com/Azure/AzurePublicDataset, analysis/GitHubCopilotCodingAgents/DATASET_CARD.md, commit 060ec409f905e9eeb0992460107ee6db42a0285a",
        licence=OWN_LICENCE,
        derivation="""
        The hours of one weekday and one weekend day are written down by hand in derive.py. Each
        day is scaled to its volume: Monday to Thursday 1, Friday 0.91, Saturday 0.21, Sunday 0.23.
        Then normalised.""",
        notes=definition + """
        ASSUMED, the hours: we found no published starts of agent sessions by local hour. Ramp from
        7 to 9, plateau 9 to 12 and 14 to 16, dip at lunch, fall after 17: an ordinary office day.
        Meetings cluster at 9-11 and 13-15, 29% of active users are back in their mail at 22:00,
        about 20% check work mail on weekend mornings (Microsoft Work Trend Index special report,
        June 2025): that is mail, not work with an agent, so evenings are set lower.
        The days of the week follow a recorded week of coding-agent sessions, 1 to 7 June 2026
        (Monday to Sunday): the compressed archives of its days are 567, 593, 590, 547, 523, 119
        and 133 MB. A stand-in: bytes, not sessions; UTC days of users everywhere, not local days;
        one week; users outside of enterprises, whose weekends are probably busier than an
        office's. For all occupations in the US a weekend day carries 29% of a weekday's hours of
        work (83% working 8.0 hours against 34% working 5.7; BLS, American Time Use Survey 2012,
        USDL-13-1178, https://www.bls.gov/news.release/archives/atus_06202013.htm).
        What would change it: quieter weekends raise the peak against the week's mean (by 3% at
        15%), flexible hours lower it.""",
    ))  # fmt: skip
    write(out, "curves/production-requests.toml", curve_file(
        production,
        title="Production requests to a language model service (measured)",
        source=SERVEGEN,
        licence=SERVEGEN_LICENCE,
        derivation="""
        Two weeks of request rates of one model (m-small) in 10-minute steps. For each hour of the
        day: the median over the 14 days of (mean rate within half an hour of that time / that
        day's median rate). Normalised; the same day seven times.""",
        notes=definition + """
        Measured on requests to a model by interface, from 43 clients of one cloud service, not on
        agent sessions: used here for always-on use that doesn't follow an office day.
        What is assumed: seconds count from midnight of a local day. Nothing in the data says so,
        but the quietest hours are 3 to 5 and the busiest 9 to 11 and 20 to 22, as expected of
        China's local time, and the source's examples call second 72000 20:00.
        The same curve stands for all seven days, because this model's traffic shows no weekly
        pattern: its clients' median daily volume stays within 6% of level on all 14 days. Other
        models in the same data do show one: days 3 to 5 and 11 to 12 (counting from 0) are low.
        Three days together, then two a week later fit the Qingming holiday, 4 to 6 April 2025
        (Friday to Sunday), and the weekend of 12 and 13 April; day 0 would be Tuesday 1 April
        2025. That is our inference. One ordinary weekend is too little to shape a curve by.
        This is a typical day, not a busy one: single days of the raw series have a peak (one
        10-minute step) of 1.3 to 2.7 times their own mean, median 2.0, from bursts of single
        clients that a median over days removes.""",
    ))  # fmt: skip
    write(out, "curves/assistant-mixed.toml", curve_file(
        mixed,
        title="Assistant, mixed: half office hours, half always-on (assumed weights)",
        source="curves/office-hours.toml and curves/production-requests.toml. " + SERVEGEN,
        licence="Apache-2.0 (source data of one half); derived numbers likewise",
        derivation="0.5 x office-hours + 0.5 x production-requests, hour by hour.",
        notes=definition + """
        ASSUMED weights: half of the week's starts come from people at work (interactive), half
        from use that doesn't follow the office day (scheduled and long-running agents, evenings,
        private use). No public figure gives that share; 0 and 1 are the two parent curves, so
        trying all three shows what the assumption is worth.""",
    ))  # fmt: skip
    return {
        "flat": flat,
        "office-hours": office,
        "production-requests": production,
        "assistant-mixed": mixed,
    }


# ------------------------------------------------------------------------------------ time zones

# 2020 census resident population by state, and the zone most of its people live in. E, C, M, P:
# Eastern to Pacific; A: Alaska; H: Hawaii.
US_STATES = {
    "AL": (5024279, "C"), "AK": (733391, "A"), "AZ": (7151502, "M"), "AR": (3011524, "C"),
    "CA": (39538223, "P"), "CO": (5773714, "M"), "CT": (3605944, "E"), "DE": (989948, "E"),
    "DC": (689545, "E"), "FL": (21538187, "E"), "GA": (10711908, "E"),
    "HI": (1455271, "H"), "ID": (1839106, "M"), "IL": (12812508, "C"),
    "IN": (6785528, "E"), "IA": (3190369, "C"), "KS": (2937880, "C"),
    "KY": (4505836, "E"), "LA": (4657757, "C"), "ME": (1362359, "E"),
    "MD": (6177224, "E"), "MA": (7029917, "E"), "MI": (10077331, "E"),
    "MN": (5706494, "C"), "MS": (2961279, "C"), "MO": (6154913, "C"), "MT": (1084225, "M"),
    "NE": (1961504, "C"), "NV": (3104614, "P"), "NH": (1377529, "E"),
    "NJ": (9288994, "E"), "NM": (2117522, "M"), "NY": (20201249, "E"), "NC": (10439388, "E"),
    "ND": (779094, "C"), "OH": (11799448, "E"), "OK": (3959353, "C"),
    "OR": (4237256, "P"), "PA": (13002700, "E"), "RI": (1097379, "E"),
    "SC": (5118425, "E"), "SD": (886667, "C"), "TN": (6910840, "C"),
    "TX": (29145505, "C"), "UT": (3271616, "M"), "VT": (643077, "E"),
    "VA": (8631393, "E"), "WA": (7705281, "P"), "WV": (1793716, "E"), "WI": (5893718, "C"),
    "WY": (576851, "M"),
}  # fmt: skip
# The counties of the zone with fewer people, where a state lies in two: the zone and each county's
# people in the same census. Counties that lie in two zones themselves are counted where most of
# their people live: Idaho and Malheur Counties here; Gulf, Cherry, McKenzie, Sioux and Stanley
# Counties with the rest of their states.
US_SMALLER_PARTS = {
    "FL": ("C", """
        Bay 175216, Calhoun 13648, Escambia 321905, Holmes 19653, Jackson 47319, Okaloosa 211668,
        Santa Rosa 188000, Walton 75305, Washington 25318"""),
    "ID": ("P", """
        Benewah 9530, Bonner 47110, Boundary 12056, Clearwater 8734, Idaho 16541, Kootenai 171362,
        Latah 39517, Lewis 3533, Nez Perce 42090, Shoshone 13169"""),
    "IN": ("C", """
        Gibson 33011, Jasper 32918, Lake 498700, LaPorte 112417, Newton 13830, Perry 19170, Porter
        173215, Posey 25222, Spencer 19810, Starke 23371, Vanderburgh 180136, Warrick 63898"""),
    "KS": ("M", """
        Greeley 1284, Hamilton 2518, Sherman 5927, Wallace 1512"""),
    "KY": ("C", """
        Adair 18903, Allen 20588, Ballard 7728, Barren 44485, Breckinridge 20432, Butler 12371,
        Caldwell 12649, Calloway 37103, Carlisle 4826, Christian 72748, Clinton 9253, Crittenden
        8990, Cumberland 5888, Daviess 103312, Edmonson 12126, Fulton 6515, Graves 36649, Grayson
        26420, Green 11107, Hancock 9095, Hart 19288, Henderson 44793, Hickman 4521, Hopkins 45423,
        Livingston 8888, Logan 27432, Lyon 8680, McCracken 67875, McLean 9152, Marshall 31659,
        Metcalfe 10286, Monroe 11338, Muhlenberg 30928, Ohio 23772, Russell 17991, Simpson 19594,
        Todd 12243, Trigg 14061, Union 13668, Warren 134554, Webster 13017"""),
    "MI": ("C", """
        Dickinson 25947, Gogebic 14380, Iron 11631, Menominee 23502"""),
    "ND": ("M", """
        Adams 2200, Billings 945, Bowman 2993, Dunn 4095, Golden Valley 1736, Grant 2301, Hettinger
        2489, Slope 706, Stark 33646"""),
    "NE": ("M", """
        Arthur 434, Banner 674, Box Butte 10842, Chase 3893, Cheyenne 9468, Dawes 8199, Deuel 1838,
        Dundy 1654, Garden 1874, Grant 611, Hooker 711, Keith 8335, Kimball 3434, Morrill 4555,
        Perkins 2858, Scotts Bluff 36084, Sheridan 5127, Sioux 1135"""),
    "OR": ("M", """
        Malheur 31571"""),
    "SD": ("M", """
        Bennett 3381, Butte 10243, Corson 3902, Custer 8318, Dewey 5239, Fall River 6973, Haakon
        1872, Harding 1311, Jackson 2806, Lawrence 25768, Meade 29852, Oglala Lakota 13672,
        Pennington 109222, Perkins 2835, Ziebach 2413"""),
    "TN": ("E", """
        Anderson 77123, Blount 135280, Bradley 108620, Campbell 39272, Carter 56356, Claiborne
        32043, Cocke 35999, Grainger 23527, Greene 70152, Hamblen 64499, Hamilton 366207, Hancock
        6662, Hawkins 56721, Jefferson 54683, Johnson 17948, Knox 478971, Loudon 54886, McMinn
        53276, Meigs 12758, Monroe 46250, Morgan 21035, Polk 17544, Rhea 32870, Roane 53404, Scott
        21850, Sevier 98380, Sullivan 158163, Unicoi 17928, Union 19802, Washington 133001"""),
    "TX": ("M", """
        El Paso 865657, Hudspeth 3202"""),
}
US_2020_TOTAL = 331449281
US_ZONES = {
    "E": ("America/New_York", -300), "C": ("America/Chicago", -360),
    "M": ("America/Denver", -420), "P": ("America/Los_Angeles", -480),
    "A": ("America/Anchorage", -540), "H": ("Pacific/Honolulu", -600),
}  # fmt: skip

# World Bank three-letter codes and their ISO 3166-1 two-letter codes, run together. Codes that are
# not here are the World Bank's aggregates. XKX and CHI (Kosovo, Channel Islands) are the World
# Bank's own.
COUNTRY_CODES = """
ABWAW AFGAF AGOAO ALBAL ANDAD AREAE ARGAR ARMAM ASMAS ATGAG AUSAU AUTAT AZEAZ BDIBI BELBE BENBJ
BFABF BGDBD BGRBG BHRBH BHSBS BIHBA BLRBY BLZBZ BMUBM BOLBO BRABR BRBBB BRNBN BTNBT BWABW CAFCF
CANCA CHECH CHLCL CHNCN CIVCI CMRCM CODCD COGCG COLCO COMKM CPVCV CRICR CUBCU CUWCW CYMKY CYPCY
CZECZ DEUDE DJIDJ DMADM DNKDK DOMDO DZADZ ECUEC EGYEG ERIER ESPES ESTEE ETHET FINFI FJIFJ FRAFR
FROFO FSMFM GABGA GBRGB GEOGE GHAGH GIBGI GINGN GMBGM GNBGW GNQGQ GRCGR GRDGD GRLGL GTMGT GUMGU
GUYGY HKGHK HNDHN HRVHR HTIHT HUNHU IDNID IMNIM INDIN IRLIE IRNIR IRQIQ ISLIS ISRIL ITAIT JAMJM
JORJO JPNJP KAZKZ KENKE KGZKG KHMKH KIRKI KNAKN KORKR KWTKW LAOLA LBNLB LBRLR LBYLY LCALC LIELI
LKALK LSOLS LTULT LUXLU LVALV MACMO MAFMF MARMA MCOMC MDAMD MDGMG MDVMV MEXMX MHLMH MKDMK MLIML
MLTMT MMRMM MNEME MNGMN MNPMP MOZMZ MRTMR MUSMU MWIMW MYSMY NAMNA NCLNC NERNE NGANG NICNI NLDNL
NORNO NPLNP NRUNR NZLNZ OMNOM PAKPK PANPA PERPE PHLPH PLWPW PNGPG POLPL PRIPR PRKKP PRTPT PRYPY
PSEPS PYFPF QATQA ROURO RUSRU RWARW SAUSA SDNSD SENSN SGPSG SLBSB SLESL SLVSV SMRSM SOMSO SRBRS
SSDSS STPST SURSR SVKSK SVNSI SWESE SWZSZ SXMSX SYCSC SYRSY TCATC TCDTD TGOTG THATH TJKTJ TKMTM
TLSTL TONTO TTOTT TUNTN TURTR TUVTV TZATZ UGAUG UKRUA URYUY USAUS UZBUZ VCTVC VENVE VGBVG VIRVI
VNMVN VUTVU WSMWS YEMYE ZAFZA ZMBZM ZWEZW XKXXK CHIGG
""".split()


def standard_offset(zone):
    """Minutes east of UTC in standard time: the smaller of the January and July 2026 offsets.

    The smaller one is standard time on both hemispheres, and for Ireland too, whose law calls
    summer time the standard.
    """
    info = zoneinfo.ZoneInfo(zone)
    offsets = [
        datetime.datetime(2026, month, 15, tzinfo=info).utcoffset().total_seconds() / 60
        for month in (1, 7)
    ]
    return round(min(offsets))


def offset_text(minutes):
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"


def smaller_part(state):
    """People of a state in the zone with fewer of them."""
    _, counties = US_SMALLER_PARTS[state]
    return sum(int(county.split()[-1]) for county in counties.split(","))


def us_mix():
    assert sum(population for population, _ in US_STATES.values()) == US_2020_TOTAL
    people = dict.fromkeys(US_ZONES, 0)
    for state, (population, zone) in US_STATES.items():
        smaller = 0
        if state in US_SMALLER_PARTS:
            smaller_zone, _ = US_SMALLER_PARTS[state]
            smaller = smaller_part(state)
            people[smaller_zone] += smaller
        people[zone] += population - smaller
    shares = rounded_to_sum([p / US_2020_TOTAL for p in people.values()], 1, 6)
    return [(*US_ZONES[zone], share) for zone, share in zip(people, shares)]


def city_population(raw):
    cities = {}
    for row in rows(raw, "world/city_population_by_timezone.csv"):
        cities.setdefault(row["countrycode"], {})[row["timezone"]] = int(row["population"])
    return cities


def world_mix(raw):
    latest = {}
    for row in rows(raw, "world/population.csv"):
        code, year = row["Country Code"], int(row["Year"])
        if year >= latest.get(code, (0,))[0]:
            latest[code] = (year, float(row["Value"]))
    years = {year for year, _ in latest.values()}
    assert len(years) == 1, years
    population = {pair[3:]: latest[pair[:3]][1] for pair in COUNTRY_CODES}
    # The World Bank lists no Taiwan but counts it in the world's total; what the other economies
    # leave of that total is taken as Taiwan's.
    population["TW"] = latest["WLD"][1] - sum(population.values())
    assert 23.0e6 < population["TW"] < 24.0e6, population["TW"]

    cities = city_population(raw)
    cities["GG"] = {"Europe/Guernsey": 1}  # Guernsey and Jersey, one zone
    skipped = sorted(set(cities) - set(population) - {"JE"})
    zones = {}
    for country, people in population.items():
        if country == "US":
            split = {name: share for name, _, share in us_mix()}
        else:
            split = cities[country]
            total = sum(split.values())
            if total == 0:
                split, total = dict.fromkeys(split, 1), len(split)
            split = {zone: count / total for zone, count in split.items()}
        for zone, share in split.items():
            zones[zone] = zones.get(zone, 0) + people * share
    by_offset = {}
    for zone, people in zones.items():
        by_offset.setdefault(standard_offset(zone), []).append((people, zone))
    total = sum(population.values())
    offsets = sorted(by_offset)
    shares = [sum(people for people, _ in by_offset[o]) / total for o in offsets]
    mix = [
        (max(by_offset[o])[1], o, share)
        for o, share in zip(offsets, rounded_to_sum(shares, 1, 6))
        if share >= 5e-7
    ]
    skipped_people = sum(sum(cities[country].values()) for country in skipped)
    return mix, years.pop(), total, skipped, skipped_people, population["TW"]


def zone_file(mix, **meta):
    text = header("time-zone-mix", **meta)
    for name, offset, share in mix:
        text += f"\n[[zone]]\nname = {quote(name)}\nutc_offset = {quote(offset_text(offset))}\nshare = {share:.6f}\n"
    return text


def make_time_zones(raw, out):
    us = us_mix()
    cities = city_population(raw)["US"]
    by_offset = {}
    for zone, people in cities.items():
        by_offset[standard_offset(zone)] = by_offset.get(standard_offset(zone), 0) + people
    from_cities = "; ".join(
        f"{name} {by_offset[offset] / sum(cities.values()):.1%}" for name, offset, _ in us
    )
    smaller_parts = ", ".join(
        f"{state} {smaller_part(state) / US_STATES[state][0]:.1%} {US_ZONES[zone][0]}"
        for state, (zone, _) in US_SMALLER_PARTS.items()
    )
    world, year, sum_of_world, skipped, skipped_people, taiwan = world_mix(raw)

    write(out, "time-zones/single.toml", zone_file(
        [("UTC", 0, 1.0)],
        title="One zone",
        source="None: a definition",
        licence=OWN_LICENCE,
        derivation="Everybody in one zone.",
        notes="For readings without time zones, for one-office companies and for tests.",
    ))  # fmt: skip
    write(out, "time-zones/us.toml", zone_file(
        us,
        title="United States, people by time zone",
        source="US Census Bureau, 2020 census, resident population of the 50 states and DC (331,449,281), https://www.census.gov/data/tables/2020/dec/2020-apportionment-data.html; of counties, https://www2.census.gov/geo/docs/reference/cenpop2020/county/CenPop2020_Mean_CO.txt; zones of states and counties: IANA time zone database and 49 CFR part 71",
        licence="Public domain (US government works; facts)",
        derivation=f"""
        Each state's people go to its zone. Twelve states lie in two zones; there the counties of
        the zone with fewer people are added up ({smaller_parts}). Merged by standard offset.""",
        notes=f"""
        Checked: the people of DC and of 22 states, among them all in two zones but Texas, are the
        sums of their counties in a copy of the Census Bureau's file of counties (2020 Centers of
        Population), to the last person; every county added up here is in that file with the same
        number; the 50 states agree with a second list of the same census; all add up to its total.
        Which counties keep which zone was written down from memory, then compared with the counties
        that 49 CFR 71.5, 71.7 and 71.9 name on either side of each line (Michigan and North Dakota
        in the law itself, all twelve states in an extract from it): no difference. The law cuts
        through Gulf (Florida), McKenzie, Sioux, Stanley, Cherry, Idaho and Malheur Counties.
        Assumed: workers live where people live. Counties in two zones are counted where most of
        their people live, and towns that keep the time of the next state with their own (such as
        West Wendover, Nevada): a few hundredths of a per cent of the country in all.
        Arizona (no daylight saving) is counted as Mountain; Alaska without the few people of the
        outer Aleutians; Hawaii is its own zone.
        Daylight saving is left out: nearly everybody moves by the same hour, so the country's
        curve moves as a whole and keeps its peak. Only Arizona and Hawaii (2.6%) shift against
        the rest in summer; the README's table has the effect on the peak.
        Not made from city populations, because cities lean west (in big western cities more
        people live inside the city limits): that would give {from_cities}.""",
    ))  # fmt: skip
    write(out, "time-zones/world.toml", zone_file(
        world,
        title=f"World, all people by UTC offset ({year})",
        source="Population: World Bank by https://github.com/datasets/population, commit 425fc447a53a26c767a15a7de60c4cc2478a0595, data/population.csv. Zones inside countries: GeoNames cities15000 (city populations by time zone), https://www.geonames.org. Offsets: IANA time zone database",
        licence="CC-BY 4.0 (World Bank, GeoNames); derived numbers likewise, changed as described",
        derivation=f"""
        Each country's population of {year} is spread over its time zones in proportion to the
        population of its cities in them (the United States as in us.toml), then merged by standard
        UTC offset: the smaller of the zone's January and July 2026 offsets. A zone's name is the
        most populous IANA zone with that offset. Taiwan, which the World Bank counts in the world
        but doesn't list, gets what the other economies leave of the world's total
        ({taiwan / 1e6:.1f} million).""",
        notes=f"""
        ASSUMED when used for workers: these are all people. Knowledge workers are not spread like
        people; they lean to Europe, North America and East Asia, away from South Asia and Africa.
        The mix matters only for how far the world's peaks overlap.
        Xinjiang's cities (1.5% of China's) are in UTC+06:00 as in the IANA database, which is how
        people there live; officially they keep Beijing time.
        Daylight saving is left out: Europe, North America and parts of the southern hemisphere
        shift by an hour for part of the year.
        Left out for want of a population in the source, {skipped_people / 1e6:.1f} million city dwellers in all
        ({skipped_people / sum_of_world:.2%} of the world; French overseas departments may be in France's figure):
        {', '.join(skipped)}.""",
    ))  # fmt: skip
    return {"single": [("UTC", 0, 1.0)], "us": us, "world": world}


# ------------------------------------------------------------------------------------ host shapes

AWS_SHAPES = """
m8g.24xlarge m8g.48xlarge m8g.metal-24xl m8g.metal-48xl m8i.48xlarge m8i.96xlarge m8i.metal-96xl
m8a.48xlarge m8a.metal-48xl m7i.16xlarge m7i.48xlarge m7i.metal-24xl m7i.metal-48xl m7a.48xlarge
m7g.16xlarge m7g.metal m5d.metal m6g.metal
c8g.48xlarge c8g.metal-48xl c8i.metal-96xl c8a.metal-48xl c7i.48xlarge c7i.metal-48xl
r8g.48xlarge r8g.metal-48xl r8i.metal-96xl r8a.48xlarge r7i.metal-48xl
""".split()

GCE_SHAPES = """
c3-standard-88 c3-standard-176 c3-highmem-176 c3-highcpu-176
c3d-standard-180 c3d-standard-360 c3d-highmem-360
n2-standard-64 n2-standard-96 n2-standard-128 n2-highmem-96 n2-highcpu-96
n2d-standard-96 n2d-standard-224 n2d-highmem-96
c2-standard-60 c2d-standard-112 c2d-highmem-112 c2d-highcpu-112
t2d-standard-60 e2-standard-32
""".split()
GCE_GB_PER_VCPU = {"standard": 4, "highmem": 8}
GCE_HIGHCPU_GB_PER_VCPU = {"n2": 1, "n2d": 1, "c2d": 2, "c3": 2}
# The provider's prices per vCPU-hour and per GB-hour, from the same source file. A machine's
# price has to be the sum of both, which checks the memory derived from its name.
GCE_UNIT_PRICES = {
    "c2": (0.03398, 0.00455), "c2d": (0.029563, 0.003959), "c3": (0.03398, 0.00456),
    "c3d": (0.02956, 0.003956), "e2": (0.021811, 0.002923), "n2": (0.031611, 0.004237),
    "n2d": (0.027502, 0.003686), "t2d": (0.027502, 0.003686),
}  # fmt: skip

AZURE_SHAPES = """
Standard_D64s_v6 Standard_D96s_v6 Standard_D128s_v6 Standard_D192s_v6 Standard_D96as_v6
Standard_D96as_v7 Standard_D128as_v7 Standard_D64ps_v6 Standard_D96ps_v6 Standard_D96ls_v6
Standard_D96als_v6 Standard_D96pls_v6 Standard_F64als_v6 Standard_F64als_v7 Standard_E96s_v6
Standard_E128s_v6 Standard_E96as_v7 Standard_E128as_v7 Standard_E96ps_v6
""".split()


def memory_text(mebibytes):
    assert mebibytes % 1024 == 0, mebibytes
    return f"{mebibytes // 1024}GiB"


def shapes_file(shapes, **meta):
    text = header("host-shapes", **meta)
    for name, vcpus, mebibytes, price, architecture, metal in shapes:
        text += f"\n[shapes.{quote(name)}]\nvcpus = {vcpus}\nmemory = {quote(memory_text(mebibytes))}\n"
        if price is not None:
            text += f"usd_per_hour = {price:.8g}\n"
        text += f"architecture = {quote(architecture)}\nbare_metal = {str(metal).lower()}\n"
    return text


def gce_shape(name, price):
    family, kind, vcpus = name.split("-")
    vcpus = int(vcpus)
    ratio = GCE_HIGHCPU_GB_PER_VCPU[family] if kind == "highcpu" else GCE_GB_PER_VCPU[kind]
    gigabytes = ratio * vcpus
    per_vcpu, per_gigabyte = GCE_UNIT_PRICES[family]
    sum_of_parts = vcpus * per_vcpu + gigabytes * per_gigabyte
    assert abs(sum_of_parts / price - 1) < 1e-3, (name, price, sum_of_parts)
    return (name, vcpus, gigabytes * 1024, price, "x86-64", False)


def make_hosts(raw, out):
    aws = {row["instance_type"]: row for row in rows(raw, "cloud_prices/aws_us_east_1_on_demand.csv")}
    shapes = []
    for name in AWS_SHAPES:
        row = aws[name]
        assert row["gpus"] == "0"
        architecture = {"amd64": "x86-64", "arm64": "arm64"}[row["architecture"]]
        shapes.append(
            (name, int(row["vcpus"]), int(row["memory_mib"]), float(row["usd_per_hour"]),
             architecture, ".metal" in name)
        )  # fmt: skip
    write(out, "hosts/aws-us-east-1.toml", shapes_file(
        shapes,
        title="Amazon EC2, us-east-1, on demand",
        source="Prices: https://github.com/aws/karpenter-provider-aws, commit 1d927085dd81a9df9301e613f371dac5b4d16bfe, pkg/providers/pricing/zz_generated.pricing_aws.go (generated 2026-07-20). Shapes: " + AUTOSCALER + ", cluster-autoscaler/cloudprovider/aws/ec2_instance_types.go",
        licence="Apache-2.0 (source files); the facts are the provider's",
        derivation="A selection from the joined lists, unchanged: general, compute and memory families of recent generations, large sizes and bare metal, no GPUs.",
        notes="""
        On-demand list prices of 2026-07-20 in US dollars, Linux, without storage, traffic,
        discounts or taxes. A large fleet buys reserved or negotiated capacity for less; put that
        price in the scenario.
        A vCPU is a hyperthread on Intel shapes and on AMD shapes before the seventh generation,
        and a whole core on Arm shapes and on AMD shapes from the seventh generation: vCPUs of
        different families are not the same amount of work.
        microVMs need hardware virtualisation. bare_metal = true always has it; whether a
        virtualised shape offers nested virtualisation is not recorded here.
        Some metal sizes cost up to 10% more than the same size virtualised, others the same: as
        listed. m5d.metal and m6g.metal are there because published microVM numbers were
        measured on them.""",
    ))  # fmt: skip

    first, second = {}, {}
    for row in rows(raw, "cloud_prices/gce_prices.csv"):
        name, price = row["machine_type"], float(row["usd_per_hour"])
        (second if name in first else first)[name] = price
    # The file has the on-demand table first and the preemptible one second.
    assert all(price <= first[name] for name, price in second.items())
    write(out, "hosts/gcp.toml", shapes_file(
        [gce_shape(name, first[name]) for name in GCE_SHAPES],
        title="Google Compute Engine, on demand",
        source="Prices: " + AUTOSCALER + ", cluster-autoscaler/cloudprovider/gce/gce_price_info.go",
        licence="Apache-2.0 (source file); the facts are the provider's",
        derivation="""
        A selection. The source has prices only. vCPUs are the last part of the machine type's
        name; memory follows from the family's published ratio: standard 4, highmem 8 GB per vCPU;
        highcpu 1 (n2, n2d) or 2 (c2d, c3). The provider's GB is 2^30 bytes. Each shape's memory is
        checked by its price: vCPUs and memory at the unit prices in the same source file add up to
        the listed price within 0.1%. On-demand prices are the source's first table; the second,
        always cheaper, is for preemptible machines and isn't used.""",
        notes="""
        Date and region of the prices are unknown: the source states neither. They look like
        us-central1's, which we could not check. US dollars, Linux, without storage, traffic,
        discounts or taxes.
        A vCPU is a hyperthread, except on t2d, where it is a core.
        Left out because the name doesn't give the memory or the price doesn't confirm it:
        n2-highmem-128, c3d-highcpu, m1, m2, h4d, z3 and z4d. The source lists no Arm machines and
        no bare metal; for microVMs on these shapes nested virtualisation is needed, which is not
        recorded here and costs performance.""",
    ))  # fmt: skip

    azure = {row["instance_type"]: row for row in rows(raw, "cloud_prices/azure_instance_shapes.csv")}
    shapes = []
    for name in AZURE_SHAPES:
        row = azure[name]
        assert row["gpus"] == "0"
        # The letters after the size: p marks Arm, a AMD, otherwise Intel.
        letters = name.split("_")[1].lstrip("DEF").lstrip("0123456789")
        architecture = "arm64" if "p" in letters else "x86-64"
        shapes.append((name, int(row["vcpus"]), int(row["memory_mib"]), None, architecture, False))
    write(out, "hosts/azure.toml", shapes_file(
        shapes,
        title="Microsoft Azure, shapes without prices",
        source=AUTOSCALER + ", cluster-autoscaler/cloudprovider/azure/azure_instance_types.go",
        licence="Apache-2.0 (source file); the facts are the provider's",
        derivation="A selection, unchanged; a p among the letters of the name marks Arm.",
        notes="""
        No prices: the source has none, so no cost is reported for these. No bare metal in the
        source. A vCPU is a hyperthread on Intel and most AMD sizes (Da, Ea), a core on Arm sizes
        and on F sizes of AMD (Fa).""",
    ))  # fmt: skip


# ------------------------------------------------------------------------------------ labour base


def make_labour(raw, out):
    groups, total = [], None
    for row in rows(raw, "us_labour/national_May2021_dl.csv"):
        jobs = row["TOT_EMP"].replace(",", "")
        if row["O_GROUP"] == "total":
            total = int(jobs)
        elif row["O_GROUP"] == "major":
            groups.append((row["OCC_CODE"], row["OCC_TITLE"], int(jobs)))
    assert len(groups) == 22
    major = {int(code[:2]): jobs for code, _, jobs in groups}
    professional = sum(jobs for code, jobs in major.items() if 11 <= code <= 29)
    office = professional + major[43]
    sales = office + major[41]
    assert abs(sum(major.values()) - total) < 200, sum(major.values())

    text = header(
        "labour-base",
        title="United States, jobs by occupation (May 2021) and what counts as a knowledge worker",
        source="US Bureau of Labor Statistics, Occupational Employment and Wage Statistics, May 2021, national; by https://github.com/openai/GPTs-are-GPTs, commit 0471612fef3cc22b74fb884d27bff9dbd3770582, data/national_May2021_dl.csv",
        licence="Public domain (US government work)",
        derivation="""
        The rows for the total and the 22 major groups of the Standard Occupational Classification
        (SOC), and sums of them. The groups add up to the total within rounding.""",
        notes="""
        Wage and salary jobs: without the self-employed, and people with two jobs count twice.
        There is no official count of knowledge workers. The bases widen from managers and
        professionals (SOC 11 to 29) over office and administrative support (43) to sales (41).
        None reaches 100 million. Group 31 to 53 jobs (care, food, cleaning, building, production,
        transport) are in the total only.""",
    )
    bases = [
        ("all", total, "All wage and salary jobs", "the total row", None),
        ("professional", professional, "Managers and professionals", "SOC 11 to 29", None),
        ("professional-and-office", office, "The same and office support", "SOC 11 to 29 and 43", None),
        ("professional-office-and-sales", sales, "The same and sales", "SOC 11 to 29, 43 and 41", None),
        ("labour-force", 170_700_000, "Civilian labour force, January 2025", "not derived here",
         "US Bureau of Labor Statistics, The Employment Situation - January 2025, USDL-25-0133, 2025-02-07, https://www.bls.gov/news.release/archives/empsit_02072025.htm (household survey: everybody at work or looking for work, the self-employed included)"),
    ]  # fmt: skip
    for name, people, title, definition, source in bases:
        text += f"\n[bases.{name}]\ntitle = {quote(title)}\npeople = {people}\ndefinition = {quote(definition)}\n"
        if source:
            text += f"source = {quote(source)}\n"
    for code, title, jobs in groups:
        text += f"\n[[group]]\nsoc = {quote(code)}\ntitle = {quote(title)}\njobs = {jobs}\n"
    write(out, "labour/us.toml", text)
    return [(title, people) for _, people, title, _, _ in bases]


# ---------------------------------------------------------------------------------------- traces


def make_traces(raw, out):
    stamps = []
    for row in rows(raw, "azure/AzureLLMInferenceTrace_conv.csv"):
        # Seven decimals; Python reads six.
        stamps.append(datetime.datetime.fromisoformat(row["TIMESTAMP"][:-1]))
    assert stamps == sorted(stamps)
    counts = {}
    for stamp in stamps:
        interval = int((stamp - stamps[0]).total_seconds() // 60)
        counts[interval] = counts.get(interval, 0) + 1
    last = max(counts)  # incomplete
    text = "offset_seconds,sessions\n"
    text += "".join(f"{60 * i},{counts.get(i, 0)}\n" for i in range(last))
    write(out, "traces/azure-conversation.csv", text)

    small = [round(rate * 600) for rate in servegen_rates(raw)]
    text = "offset_seconds,sessions\n" + "".join(f"{600 * i},{n}\n" for i, n in enumerate(small))
    write(out, "traces/servegen-language-small.csv", text)
    return {
        "azure: requests, kept, dropped, intervals": (
            len(stamps), len(stamps) - counts[last], counts[last], last),
        "servegen: requests, intervals, intervals at 0": (sum(small), len(small), small.count(0)),
    }  # fmt: skip


# ---------------------------------------------------------------------------------------- checks


def peak_to_mean(week, mix, summer=None):
    """Largest value over the week of the sum over zones of share x curve at local time.

    Offsets are multiples of 15 minutes, so every kink, and with it the maximum, lies on a
    15-minute grid. Also: the first time of the week it is reached, give or take a rounding error;
    the peak over that day's mean; the peak over the mean of Monday to Friday, 9 to 17. `summer`
    maps a zone's name to minutes of daylight saving.
    """
    knots = [value for day in week for value in day]

    def at(minute):
        hour, rest = divmod(minute % (168 * 60), 60)
        return knots[hour] + (knots[(hour + 1) % 168] - knots[hour]) * rest / 60

    values = [
        sum(share * at(m + offset + (summer or {}).get(name, 0)) for name, offset, share in mix)
        for m in range(0, 168 * 60, 15)
    ]
    peak = max(values)
    first = next(i for i, value in enumerate(values) if value > peak * (1 - 1e-4))

    # Two other means, in local time of the most populous zone. Trapezoids are exact.
    local = max(mix, key=lambda zone: zone[2])[1] // 15

    def mean(start_hour, end_hour):
        steps = range(4 * start_hour - local, 4 * end_hour - local)
        pairs = [(values[i % 672] + values[(i + 1) % 672]) / 2 for i in steps]
        return sum(pairs) / len(pairs)

    day = (first + local) // 96 % 7
    office = sum(mean(24 * d + 9, 24 * d + 17) for d in range(5)) / 5
    return peak, 15 * first, peak / mean(24 * day, 24 * day + 24), peak / office


def print_checks(raw, curves, mixes, bases, traces):
    print("| curve | zones | peak / week's mean | first peak (UTC) | peak / day's mean | peak / office hours' mean |")
    print("|---|---|---|---|---|---|")
    for name, week in curves.items():
        for zones, mix in mixes.items():
            peak, minute, of_day, of_office = peak_to_mean(week, mix)
            time = f"{DAYS[minute // 1440].title()} {minute // 60 % 24:02}:{minute % 60:02}"
            time = "-" if name == "flat" else time
            print(f"| {name} | {zones} | {peak:.4f} | {time} | {of_day:.4f} | {of_office:.4f} |")

    arizona = US_STATES["AZ"][0] / US_2020_TOTAL
    summer_mix = [
        (name, offset, share - (arizona if name == "America/Denver" else 0))
        for name, offset, share in mixes["us"]
    ] + [("America/Phoenix", -420, arizona)]
    saving = {name: 60 for name, _, _ in mixes["us"] if name != "Pacific/Honolulu"}
    for name in ("office-hours", "assistant-mixed"):
        print(f"\nUS in summer, {name}: {peak_to_mean(curves[name], summer_mix, saving)[0]:.4f}")

    print("\nLabour bases")
    for title, people in bases:
        print(f"  {people:>12,}  {title}")
    print("\nTraces")
    for name, numbers in traces.items():
        print(f"  {name}: {numbers}")

    rates = servegen_rates(raw)
    days = [rates[144 * d : 144 * d + 144] for d in range(14)]
    peaks = sorted(max(day) / (sum(day) / 144) for day in days)
    print("\nServeGen m-small, single days, peak 10-minute step over the day's mean:",
          f"{peaks[0]:.2f} to {peaks[-1]:.2f}, median {statistics.median(peaks):.2f}")  # fmt: skip
    print("ServeGen, median over clients of (day's volume / client's median day), days 0 to 13:")
    archive = tarfile.open(os.path.join(raw, "servegen/trace_csvs.tar.gz"))
    clients = {}
    for member in archive.getmembers():
        parts = member.name.split("/")
        if len(parts) != 4 or parts[1] != "language":
            continue
        volume = [0.0] * 14
        for line in archive.extractfile(member).read().decode().splitlines():
            seconds, rate = line.split(",")[:2]
            volume[int(float(seconds)) // 86400] += float(rate)
        level = statistics.median(volume)
        if level > 0:
            clients.setdefault(parts[2], []).append([v / level for v in volume])
    for model in sorted(clients):
        medians = [statistics.median(c[d] for c in clients[model]) for d in range(14)]
        print(f"  {model} ({len(clients[model])} clients): " + " ".join(f"{m:.2f}" for m in medians))


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    raw, out = sys.argv[1:]
    curves = make_curves(raw, out)
    mixes = make_time_zones(raw, out)
    make_hosts(raw, out)
    bases = make_labour(raw, out)
    traces = make_traces(raw, out)
    print_checks(raw, curves, mixes, bases, traces)


if __name__ == "__main__":
    main()
