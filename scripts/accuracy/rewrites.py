"""Ways in which people hide a value; each takes the value and gives what is posted instead."""

FULL = {c: chr(ord(c) + 0xFEE0) for c in map(chr, range(0x21, 0x7F))}
ARABIC = {str(d): chr(0x0660 + d) for d in range(10)}
DEVANAGARI = {str(d): chr(0x0966 + d) for d in range(10)}
BOLD = {str(d): chr(0x1D7CE + d) for d in range(10)}
CYRILLIC = dict(zip("aceopxyABCEHKMOPTX", "асеорхуАВСЕНКМОРТХ"))


def table(mapping):
    return lambda value: "".join(mapping.get(c, c) for c in value)


def between(sign):
    return lambda value: sign.join(value)


def words_for_signs(value):
    return value.replace("@", " at ").replace(".", " dot ")


def brackets(value):
    return value.replace("@", "[at]").replace(".", "[dot]")


def dashes(value):
    return value.replace("-", "\u2011").replace(" ", "\u00a0")


def keycaps(value):
    return "".join(c + "\ufe0f\u20e3" if c.isdigit() else c for c in value)


WORDS = dict(zip("0123456789", "zero one two three four five six seven eight nine".split()))


def spelled(value):
    return " ".join(WORDS[c] for c in value if c.isdigit())


NUMBERS = ("CREDIT_CARD", "US_SSN", "PHONE_NUMBER", "IBAN_CODE", "IP_ADDRESS")
ALL = NUMBERS + ("EMAIL_ADDRESS", "URL")
REWRITES = {
    "full width": (table(FULL), ALL),
    "zero width": (between("\u200b"), ALL),
    "soft hyphen": (between("\u00ad"), ALL),
    "spaced": (between(" "), ALL),
    "dots between": (between("."), ("CREDIT_CARD", "US_SSN", "IBAN_CODE")),
    "arabic digits": (table(ARABIC), NUMBERS),
    "devanagari digits": (table(DEVANAGARI), NUMBERS),
    "bold digits": (table(BOLD), NUMBERS),
    "cyrillic letters": (table(CYRILLIC), ("EMAIL_ADDRESS", "IBAN_CODE", "URL")),
    "words for signs": (words_for_signs, ("EMAIL_ADDRESS",)),
    "signs in brackets": (brackets, ("EMAIL_ADDRESS",)),
    "no-break signs": (dashes, ("US_SSN", "PHONE_NUMBER")),
    "keycaps": (keycaps, NUMBERS),
    "spelled out": (spelled, ("CREDIT_CARD", "US_SSN")),
}
