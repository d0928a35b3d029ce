# What a style sheet or a script names, and the same text with other names in it. Text is bytes read as latin-1: nothing
# is lost, whatever it was written in.
import posixpath, re

STRING = r'"(?:[^"\\\n]|\\[\s\S])*"|' + r"'(?:[^'\\\n]|\\[\s\S])*'"
CSS = re.compile(
    r"(?P<comment>/\*[\s\S]*?(?:\*/|\Z))"
    r"|\b[uU][rR][lL]\(\s*(?P<url>" + STRING + r"|(?:[^\s\"'()\\]|\\[^\n])+)\s*\)"
    r"|@[iI][mM][pP][oO][rR][tT]\s*(?P<import>" + STRING + r")"
    r"|" + STRING
)
MAP = re.compile(r"[#@]\s*sourceMappingURL=(?P<map>[^\s'\"*]+)")
# A script's map is named on a line comment near its end; anywhere else the same text may be a string.
SCRIPT_MAP = re.compile(r"//[#@]\s*sourceMappingURL=(?P<map>[^\s'\"*]+)\s*\Z")


def in_css(text):
    """(start, end, what stands there, whether it is a source map) for each."""
    found = []
    for match in CSS.finditer(text):
        for group in ("url", "import"):
            if match.group(group):
                found.append(match.span(group) + (unquoted(match.group(group)), False))
        comment = match.group("comment") and MAP.search(match.group("comment"))
        if comment:
            start = match.start()
            found.append((start + comment.start("map"), start + comment.end("map"), comment.group("map"), True))
    return found


def in_script(text):
    match = SCRIPT_MAP.search(text, max(0, len(text) - 4096))
    return [match.span("map") + (match.group("map"), True)] if match else []


def unquoted(text):
    if text[0] in "\"'":
        text = text[1:-1]
    # An escaped letter is itself, a hexadecimal one a number.
    escape = re.compile(r"\\(?:([0-9A-Fa-f]{1,6})\s?|([\s\S]))")
    return escape.sub(lambda match: point(int(match.group(1), 16)) if match.group(1) else match.group(2), text)


def point(number):
    try:
        return chr(number).encode("utf-8").decode("latin-1")
    except (ValueError, OverflowError):
        return "?"


def target(reference, name, url):
    """The file of the tree that `name` means by it; None for what lies elsewhere."""
    path = re.split("[?#]", reference, maxsplit=1)[0]
    if not path or re.match(r"[A-Za-z][A-Za-z0-9+.-]*:|//", path):
        return None
    path = re.sub("%([0-9A-Fa-f]{2})", lambda match: chr(int(match.group(1), 16)), path)
    if path.startswith(url):
        path = path[len(url):]
    elif path.startswith("/"):
        return None
    else:
        path = posixpath.join(posixpath.dirname(name.encode("utf-8").decode("latin-1")), path)
    path = posixpath.normpath(path)
    if path == ".." or path.startswith("../"):
        return None
    return path.encode("latin-1").decode("utf-8", "replace")


def quoted(path):
    """For a URL, and for a string or a `url(` of a style sheet."""
    return re.sub(r"[^A-Za-z0-9._~/@+,$!-]", percent, path)


def percent(match):
    return "".join("%%%02X" % byte for byte in match.group().encode("utf-8"))


def renamed(text, references, links):
    """The text with these links in place of what stands there; a link that says a version takes the place of a query."""
    parts, end = [], 0
    for start, stop, reference, _ in references:
        link = links.get(reference)
        if link is None:
            continue
        quote = text[start] if text[start] in "\"'" else ""
        query, fragment = re.match(r"[^?#]*(\?[^#]*)?(#.*)?\Z", reference, re.S).groups("")
        rest = fragment if "?" in link else query + fragment
        parts += [text[end:start], quote, link, re.sub(r"[^!#-&*-;=?-\[\]-~]", percent, rest), quote]
        end = stop
    return "".join(parts) + text[end:]
