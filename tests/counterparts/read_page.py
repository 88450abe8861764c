#!/usr/bin/env python3
"""What others read in a public document: `read_page.py <kind>` with the document on stdin and JSON on stdout.

Kinds are `atom`, `rss`, `svg` and `statuspage:<document>`. Ends with an error when the document is not sound: feeds are held
to a schema and read by feedparser, pictures must be well-formed and stand alone, Statuspage's documents have a JSON Schema.
"""

import json
import sys
from pathlib import Path

SCHEMAS = Path(__file__).parent / "schemas"
XLINK = "{http://www.w3.org/1999/xlink}href"
SVG = "{http://www.w3.org/2000/svg}"


def parse_xml(document):
    from lxml import etree

    return etree.fromstring(document, etree.XMLParser(resolve_entities=False, no_network=True))


def feed(kind, document):
    import feedparser
    from lxml import etree

    schema = etree.RelaxNG(etree.parse(str(SCHEMAS / f"{kind}.rng")))
    assert schema.validate(parse_xml(document)), schema.error_log
    found = feedparser.parse(document)
    assert not found.bozo, found.get("bozo_exception")
    ids = [entry.id for entry in found.entries]
    assert len(ids) == len(set(ids)), "two entries have one id"
    return {
        "version": found.version,
        "title": found.feed.title,
        "link": found.feed.link,
        "entries": [
            {"id": entry.id, "title": entry.title, "link": entry.link, "published": list(entry.published_parsed)[:6],
             "html": entry.content[0].value if "content" in entry else entry.summary}
            for entry in found.entries
        ],
    }


def svg(document):
    root = parse_xml(document)
    assert root.tag == f"{SVG}svg", root.tag
    tags = {element.tag for element in root.iter() if isinstance(element.tag, str)}
    assert not tags & {f"{SVG}script", f"{SVG}image", f"{SVG}foreignObject"}, tags
    for element in root.iter():
        assert XLINK not in element.attrib and not any(name.startswith("on") for name in element.attrib), element.tag
    text = lambda name: "".join(root.findtext(f"{SVG}{name}") or "")
    return {"role": root.get("role"), "title": text("title"), "desc": text("desc"),
            "texts": [element.text for element in root.iter(f"{SVG}text")],
            "bars": len(root.findall(f".//{SVG}rect"))}


def statuspage(name, document):
    import jsonschema

    sys.path.insert(0, str(SCHEMAS))
    import statuspage as known

    fields = known.DOCUMENTS[name]
    schema = known.members(fields)
    found = json.loads(document)
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(found, schema)
    known.in_order(schema, found)
    return found


def main():
    kind, _, name = sys.argv[1].partition(":")
    document = sys.stdin.buffer.read()
    readers = {"svg": lambda: svg(document), "statuspage": lambda: statuspage(name, document)}
    json.dump(readers.get(kind, lambda: feed(kind, document))(), sys.stdout)


if __name__ == "__main__":
    main()
