# Which files got their fingerprint from the project's own tools, by the manifests that those leave.
import json, os, posixpath, re

NAMES = ("staticfiles.json", "manifest.json", "asset-manifest.json", "assets-manifest.json", "webpack-manifest.json")
NAMES += ("rev-manifest.json", "parcel-manifest.json")


def fingerprinted(name):
    """Whether it looks so. A manifest may as well say `main.js`, and nothing may be kept for a year by mistake."""
    base = posixpath.basename(name)
    for token in re.findall(r"[.-]([0-9a-f]{8,64})(?=[.-])", base):
        if re.search("[0-9]", token):
            return True
    # Rollup, and so Vite, takes eight letters of base64.
    match = re.search(r"[.-]([A-Za-z0-9_-]{8})\.[A-Za-z0-9]+$", base)
    return match is not None and re.search("[0-9A-Z]", match.group(1)) is not None


def read(path):
    try:
        with open(path, encoding="utf-8") as file:
            content = json.load(file)
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def texts(pairs):
    return [(key, value) for key, value in pairs.items() if isinstance(value, str)]


def chunk_files(chunk):
    found = [chunk["file"]]
    for key in ("css", "assets"):
        found += [name for name in chunk.get(key) or [] if isinstance(name, str)]
    return found


def styles(chunks, key, seen):
    """The style sheets of a chunk and of all that it imports."""
    if key in seen or not isinstance(chunks.get(key), dict):
        return []
    seen.add(key)
    found = []
    for name in chunks[key].get("imports") or []:
        found += styles(chunks, name, seen)
    return found + [name for name in chunks[key].get("css") or [] if name not in found]


def entries(content):
    """(logical name, file, style sheets, all its files) of any of the known forms."""
    if isinstance(content.get("paths"), dict) and "version" in content:
        return [(key, name, [], [name]) for key, name in texts(content["paths"])]
    chunks = [key for key, value in content.items() if isinstance(value, dict) and isinstance(value.get("file"), str)]
    if chunks:
        return [(key, content[key]["file"], styles(content, key, set()), chunk_files(content[key])) for key in chunks]
    flat = content["files"] if isinstance(content.get("files"), dict) else content
    return [(key.lstrip("/"), name, [], [name]) for key, name in texts(flat)]


def resolved(name, base, url, files):
    for start in (url, "/", "auto/", ""):
        if name.startswith(start):
            for directory in (base, ""):
                path = posixpath.normpath(posixpath.join(directory, name[len(start):]))
                if path in files:
                    return path
    return None


def of_tools(manifests, url, files):
    """Fingerprinted files, and by logical name the file that is meant and its style sheets."""
    named, known = set(), {}
    for path, base in manifests:
        for key, name, sheets, all_files in entries(read(path)):
            found = [resolved(one, base, url, files) for one in all_files]
            named.update(one for one in found if one and fingerprinted(one))
            file = resolved(name, base, url, files)
            if file and (file in named or file != key):
                sheets = [resolved(sheet, base, url, files) for sheet in sheets]
                known[key] = (file, [sheet for sheet in sheets if sheet])
    return named, known
