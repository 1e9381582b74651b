"""The words that the rules of English go by, each table once.

A table is a set of lower-cased words, if it does not say otherwise. They were written by hand, after the
articles that the tests quote; none is fitted.
"""

from __future__ import annotations


def _table(words: str) -> frozenset[str]:
    return frozenset(words.split())


# Small words.

ARTICLES = _table("the a an")

PERSON_OF = {"he": "he", "his": "he", "she": "she", "her": "she", "it": "it", "its": "it"}
PERSON_OF |= {"they": "they", "their": "they"}
"""The pronouns that stand for somebody who was named, by the form that is a subject."""

PRONOUNS = frozenset(PERSON_OF.values())
PERSONAL = _table("he him his she her hers")
IMPERSONAL = _table("it its they them their theirs")
POSSESSIVES = _table("his her its their")

RELATIVES = _table("who which whose whom where what")
SUBORDINATORS = _table(
    "although though while after when if because since before unless whereas until once as"
)
PLACING = _table("in at on near across inside outside within into throughout around")
PREPOSITIONS = PLACING | _table(
    "during to from with by about onto over under amid against between through despite following without upon"
    " towards toward via per like"
)
AUXILIARIES = _table(
    "is are was were be been am do does did has have had can could will would shall should may might must"
)
"""The verbs one of which a whole question has: "under what conditions?" has none."""

QUESTION_WORDS = _table(
    "am are can could did do does did had has have how if is many may might much must shall should"
    " was were what when where which who whom whose why will would"
)
"""Words that ask, and say nothing of the thing asked."""

STOP_WORDS = QUESTION_WORDS | _table(
    "a an and are as at be but by for if in into is it no not of on or such that the their then there these"
    " they this to was will with s t"
)
"""Words that are in every text: Lucene's English ones, those that ask, and what an apostrophe cuts off."""

TELLING_NOTHING = STOP_WORDS | _table(
    "he him his she her hers its them theirs i me my you your we us our about so like been being else more"
    " anything something someone anyone anybody somebody"
)
"""Words that say nothing of the thing asked: a question of nothing else leans on the one before it."""

# The calendar.

WEEKDAYS = _table("monday tuesday wednesday thursday friday saturday sunday")
MONTHS = _table("january february march april may june july august september october november december")
_SEASONS_AND_DAYS = _table(
    "spring summer autumn winter today tonight yesterday tomorrow morning evening afternoon night week month"
    " year"
)
CALENDAR = WEEKDAYS | MONTHS | _SEASONS_AND_DAYS | _table("weekend last this late early")
"""What says when something was said, and is nobody's name."""

TIMES = (
    WEEKDAYS
    | MONTHS
    | _SEASONS_AND_DAYS
    | _table(
        "noon midnight century decade era age ago season day hour minute after before during until"
        " since recently centurie sunrise sunset dawn dusk daybreak nightfall midday easter christmas"
        " holiday daily weekly monthly yearly annually always never nowadays currently immediately"
        " soon still already while whenever"
    )
)
"""What answers "when?", without a plural's s."""

PEOPLE = _table(
    "people person somebody someone nobody everybody everyone anyone anybody villager resident"
    " volunteer student member child children parent crew staff team police council friend neighbour"
    " neighbor citizen guest visitor nurse cook guard pilot monk nun artist student thief guide clerk"
    " smith priest soldier sailor"
)
"""What answers "who?" besides names and roles, without a plural's s."""

PLACING_MORE = PLACING | _table(
    "under beneath below above behind beside between by over outside opposite next along against"
    " around past from to beyond upon"
)
PLACES = _table(
    "upstairs downstairs indoors outdoors outside inside abroad overseas here nearby everywhere"
    " nowhere home online underground offshore ashore overhead"
)
"""What answers "where?" besides names."""

NUMBERS = _table(
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen"
    " seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand"
    " million billion dozen half third quarter twice double triple single no none once"
)
"""What answers "how many?", without a plural's s."""

# Verbs by how they lead to the words they report.

SAYS = _table(
    "said says say told tells wrote writes warned warns argued argues insisted insists claimed stated"
    " declared announced explained explains admitted acknowledged urged vowed pledged promised predicted"
    " testified accused voiced expressed stressed emphasised emphasized suggested concluded complained"
    " reiterated noted remarked saying warning arguing insisting claiming stating urging writing telling"
    " stressing"
)
"""They govern a quotation anywhere after them: said the plan was “bold”."""

UTTERS = _table(
    "continued continues added adds adding asked asks tweeted posted replied replies responded answered"
    " commented recalled confirmed repeated observed shouted whispered cried murmured muttered exclaimed"
    " joked quipped countered retorted states notes remarks"
)
"""They govern one that stands straight after them, as they have other uses: continued: “…”."""

REPORTS_AS = _table(
    "described describes condemned denounced criticised criticized characterised characterized dismissed"
    " portrayed hailed praised rejected welcomed describing condemning denouncing dismissing"
)
"""They govern one through an object and "as": described it as “bold”."""

CALLS = _table("called calls branded labelled labeled dubbed calling branding")
"""They govern one through an object: called the plan “bold”, but not: a group called “Bold”."""

VERBS = SAYS | UTTERS | REPORTS_AS | CALLS
TELLING = VERBS | {"According", "according"}
PARTICIPLES = frozenset(verb for verb in VERBS if verb.endswith("ing"))
AFTER_QUOTE = (SAYS | UTTERS) - PARTICIPLES - _table("voiced expressed accused")
"""They can follow what they report: “…,” he said."""

INVERTING_VERBS = AFTER_QUOTE - _table("told tells say")
"""Their subject can follow them: “…,” said Khan."""

CONTINUING = _table("continued continues added adds adding")
ASKING = _table("asked asks")
TO_SOMEBODY = _table("told tells")

# What can and cannot be who says it.

BESIDE_THE_VERB = _table("has have had will also later then once again now since just further even")
"""They stand between a subject and its verb: Khan has since said."""

NOT_SAID = _table("is are was were be been being not never didn't didn’t hasn't hasn’t")
UNSAYING = RELATIVES | _table("if unless whether or nor")
"""After them nobody is said to say it: the man who said, if Khan said."""

CLAUSE_OPENERS = _table("and but or nor that whether than so yet") | RELATIVES | SUBORDINATORS | SAYS
"""The clause with the verb begins after the last of them: Khan said Starmer had told him."""

CLAUSE_LINKS = _table(
    "say says said think thinks thought believe believes believed claim claims claimed argue argues argued"
    " promise promised admit admitted warn warned and or but if that when because while before after"
)
"""Of a question: after them stands a clause of its own, whose "it" can mean what stands before them."""

OPENERS = _table(
    "but and so yet then now later meanwhile however still instead also earlier nevertheless nonetheless"
    " moreover furthermore indeed thus therefore perhaps maybe both even only"
)
SPEAKING = _table("speaking writing addressing testifying posting tweeting talking responding")
INTRODUCING = (
    PREPOSITIONS | SUBORDINATORS | SPEAKING | OPENERS | CALENDAR | _table("asked according for of next")
)
"""They begin the phrase that a sentence can open with, before its subject: In June, he …"""

NOT_NAMING = (
    _table("i we you him them us me these those there would could should might may can must do does did")
    | _table("time day moment thing things way reason words this that no nobody none nothing neither")
    | PERSON_OF.keys()
    | NOT_SAID
    | BESIDE_THE_VERB
    | VERBS
    | RELATIVES
)
NOBODY = _table("reports report some many others one another several most few both all")
NOT_NAMES = (INTRODUCING | CLAUSE_OPENERS | NOT_NAMING) - _table("will")
NOT_OF_PEOPLE = PLACING | ARTICLES | {"as"}
"""What stands right before a capitalised word that is no person: in London, the Guardian, as Minister."""

BEFORE_NAMES = NOT_NAMES | NOBODY | ARTICLES
LY_NOUNS = _table("family ally assembly anomaly reply supply bully monopoly rally")

MALE_TITLES = _table("mr sir lord")
FEMALE_TITLES = _table("mrs ms miss dame lady")
MALE = _table("king prince spokesman chairman man boy actor father son brother husband")
FEMALE = _table("queen princess spokeswoman chairwoman woman girl actress mother daughter sister wife")
ROLES = _table(
    "minister mayor president secretary spokesperson director judge lawyer doctor nurse teacher professor"
    " officer leader chief author singer senator governor ambassador bishop pope official"
) | (MALE | FEMALE)
TITLES = MALE_TITLES | FEMALE_TITLES | ROLES | _table("dr prof st prime foreign former deputy vice")
ABBREVIATIONS = _table("Mr Mrs Ms Dr Prof St Sen Rep Gov Gen Col Lt Sgt Capt Rev Hon No vs")
"""As they are written: a stop after one ends no sentence."""

# What is written short. A stop after it ends no sentence before a lower-case word, a digit or a bracket.

SHORT_WORDS = _table(
    "approx est max min temp vol vols ch chap sec sect par para cf ca al etc resp incl excl misc avg std"
    " dept div univ bros inc ltd corp ave blvd hwy rd tel ext ref refs suppl app ver rev repr eds vs viz jan"
    " feb mar apr jun jul aug sep sept oct nov dec mon tue tues thu thurs fri fig figs eq eqs prof dr mr mrs"
    " capt gen col lt sgt gov sen rep assoc attn cont def dist esp orig pop prev quot syn trans bzw usw evtl"
    " ggf inkl exkl zzgl abzgl str kap abb tab abs jh jhd geb gest vgl sog bspw mind ev kath mio mrd env"
    " chap art éd trad apr av hab fasc janv févr juil 1er aprox pág págs núm núms cap ed ej dcha izda avda"
    " tfno"
)
BEFORE_NUMBERS = _table(
    "no nos nr nrs p pp vol vols ch chap sec sect fig figs eq eqs tab abb kap abs art pt pts par st op bd pos"
    " ver v pág núm cap n"
)
"""They stand before a number of their own."""

SHORT_UNITS = _table(
    "mil bn ft in lb lbs oz yd yds mi tbsp tsp pt qt gal hr hrs min mins sec secs sq cu st dol std"
)
"""They are written short only after a number: "6 in. at the weir", but not "come in. we are open"."""

TIME_ZONES = frozenset("GMT UTC BST EST EDT CST CDT MST MDT PST PDT CET CEST ET CT MT PT".split())

_ENGLISH_TITLES = _table("mr mrs ms dr prof st rev hon capt gen col lt sgt gov sen rep mt")
BEFORE_CAPITALS = {
    "en": _ENGLISH_TITLES,
    "de": _table("dr prof hr fr frl st ing dipl mag"),
    "fr": _table("m mm mme mmes mlle mlles dr pr me mgr st ste"),
    "es": _table("sr sra sres srta dr dra d dña prof profa ud uds st sto sta"),
}
"""They stand before a name, by language, and are written with a capital."""

BEFORE_ORDINALS = _table(
    "am im vom zum zur beim der die das dem den des ein eine einen einem einer bis seit ab jeder jede jedes"
    " jeden jedem ihr sein ihre seine ihren seinen ihrem seinem unser unsere mein meine dieser diese dieses"
)
ORDINAL_NOUNS = _table(
    "januar jänner februar märz april mai juni juli august september oktober november dezember jahrhundert"
    " jahrhunderts jahrhunderte jahrtausend jahrtausends"
)
OPENERS_OF_GERMAN = _table(
    "er sie es wir ihr ich du man der die das ein eine ein einen dann danach doch aber und oder in im am an"
    " auf aus bei mit nach seit von vom zu zum zur als wenn weil da dort hier so auch nur noch nun jetzt"
    " heute gestern später dies diese dieser dieses dabei damit dafür darum deshalb trotzdem kein keine"
    " jeder jede jedes alle viele einige niemand jemand wer was wo wie warum für über unter vor während"
)
"""They begin a sentence, and are no noun that a number could stand before."""

# Where it is said.

OCCASIONS = _table(
    "statement post interview letter speech message tweet conference briefing article column video email memo"
    " blog op-ed debate hearing address remarks testimony broadcast podcast newsletter editorial essay memoir"
)
PLATFORMS = _table(
    "x twitter facebook instagram tiktok telegram youtube linkedin bluesky mastodon television radio"
)

UPPER = "A-ZÀ-ÖØ-ÞČĆĐŁŚŠŽŻ"
"""The letters that a name starts with, as the inside of a character class."""


def alternation(words: frozenset[str]) -> str:
    """The words of a table as a part of a regular expression, in an order that does not change."""
    return "|".join(sorted(words))
