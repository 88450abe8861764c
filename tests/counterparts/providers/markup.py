"""Telegram's HTML, read as TDLib's parse_html reads it: the same tags, offsets and complaints."""

import re

TAGS = {
    "a", "b", "strong", "i", "em", "s", "strike", "del", "u", "ins", "code", "pre", "span",
    "tg-spoiler", "tg-emoji", "tg-time", "blockquote",
}  # fmt: skip
ENTITIES = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
ENTITY = re.compile(rb"&(#[xX][0-9a-fA-F]{1,8}|#[0-9]{1,10}|[a-z]+);?")
SPACE = b" \t\r\n\0\v"
KINDS = {
    "a": "text_link", "b": "bold", "strong": "bold", "i": "italic", "em": "italic", "s": "strikethrough",
    "strike": "strikethrough", "del": "strikethrough", "u": "underline", "ins": "underline", "code": "code",
    "pre": "pre", "span": "spoiler", "tg-spoiler": "spoiler", "tg-emoji": "custom_emoji", "tg-time": "date_time",
    "blockquote": "blockquote",
}  # fmt: skip


class Unreadable(ValueError):
    pass


class Reader:
    def __init__(self, html):
        self.html = html.encode()
        self.at = 0
        self.text = []
        self.length = 0
        self.open = []
        self.entities = []

    def peek(self):
        return self.html[self.at : self.at + 1]

    def skip(self):
        while self.peek() and self.peek() in SPACE:
            self.at += 1

    def take(self, stop):
        """Bytes up to one of these or the end."""
        begin = self.at
        while self.peek() and self.peek() not in stop:
            self.at += 1
        return self.html[begin : self.at].decode(errors="replace")

    def say(self, text):
        self.text.append(text)
        self.length += len(text.encode("utf-16-le", "surrogatepass")) // 2

    def run(self):
        while self.peek():
            if self.peek() == b"&" and (decoded := self.entity()) is not None:
                self.say(decoded)
            elif self.html.startswith(b"</", self.at):
                self.end()
            elif self.peek() == b"<":
                self.start()
            else:
                begin = self.at
                self.at += 1
                while self.peek() and self.peek() not in b"&<":
                    self.at += 1
                self.say(self.html[begin : self.at].decode())
        if self.open:
            raise Unreadable(f"Can't find end tag corresponding to start tag \"{self.open[-1][0]}\"")
        text = "".join(self.text)
        if any("\ud800" <= it <= "\udfff" for it in text):
            raise Unreadable("Text contains invalid Unicode characters after decoding HTML entities")
        return text, self.entities

    def entity(self):
        """The character that an entity stands for; nothing for all but four names and numbers."""
        found = ENTITY.match(self.html, self.at)
        name = found[1].decode() if found else ""
        if name.startswith("#"):
            number = int(name[2:], 16) if name[1] in "xX" else int(name[1:])
            if not 0 < number < 0x110000:
                return None
            decoded = chr(number)
        elif name in ENTITIES:
            decoded = ENTITIES[name]
        else:
            return None
        self.at = found.end()
        return decoded

    def start(self):
        begin = self.at
        self.at += 1
        tag = self.take(SPACE + b">").lower()
        if not self.peek():
            raise Unreadable(f"Unclosed start tag at byte offset {begin}")
        if tag not in TAGS:
            raise Unreadable(f'Unsupported start tag "{tag}" at byte offset {begin}')
        attributes = {}
        while self.peek() != b">":
            self.skip()
            if self.peek() == b">":
                break
            self.attribute(tag, begin, attributes)
        self.at += 1
        if tag == "span" and attributes.get("class") != "tg-spoiler":
            raise Unreadable(f'Tag "span" must have class "tg-spoiler" at byte offset {begin}')
        self.open.append((tag, attributes, self.length))

    def attribute(self, tag, begin, attributes):
        name = self.take(SPACE + b"=>/\"'")
        if not name:
            raise Unreadable(f'Empty attribute name in the tag "{tag}" at byte offset {begin}')
        self.skip()
        if self.peek() != b"=":
            if not self.peek():
                raise Unreadable(f'Unclosed start tag "{tag}" at byte offset {begin}')
            attributes[name.lower()] = ""
            return
        self.at += 1
        self.skip()
        if not self.peek():
            raise Unreadable(f'Unclosed start tag "{tag}" at byte offset {begin}')
        attributes[name.lower()] = self.value(begin)

    def value(self, begin):
        quote = self.peek()
        if quote not in (b'"', b"'"):
            word = re.compile(rb"[A-Za-z0-9.-]*").match(self.html, self.at)
            self.at = word.end()
            if self.peek() not in (b">", *(bytes([it]) for it in SPACE)):
                raise Unreadable(f"Unexpected end of name token at byte offset {word.start()}")
            return word[0].decode().lower()
        self.at += 1
        value = ""
        while self.peek() and self.peek() != quote:
            if self.peek() == b"&" and (decoded := self.entity()) is not None:
                value += decoded
            else:
                value += self.take(quote + b"&") or self.amp()
        if not self.peek():
            raise Unreadable(f"Unclosed start tag at byte offset {begin}")
        self.at += 1
        return value

    def amp(self):
        self.at += 1
        return "&"

    def end(self):
        begin = self.at
        if not self.open:
            raise Unreadable(f"Unexpected end tag at byte offset {begin}")
        self.at += 2
        tag = self.take(SPACE + b">").lower()
        self.skip()
        if self.peek() != b">":
            raise Unreadable(f"Unclosed end tag at byte offset {begin}")
        self.at += 1
        opened, attributes, offset = self.open.pop()
        if tag and tag != opened:
            raise Unreadable(
                f'Unmatched end tag at byte offset {begin}, expected "</{opened}>", found "</{tag}>"'
            )
        self.keep(opened, attributes, offset)

    def keep(self, tag, attributes, offset):
        """Telegram forgets empty entities, and links that lead nowhere."""
        length = self.length - offset
        url = attributes.get("href")
        if length == 0 or tag == "a" and not (url and re.match(r"(?i)(https?|tg|mailto|tel|ton)://?|[\w-]+\.", url)):
            return
        entity = {"type": KINDS[tag], "offset": offset, "length": length}
        self.entities.append({**entity, "url": url} if tag == "a" else entity)


def parse(html):
    """The text without its marks, and the entities; raises `Unreadable` with Telegram's words."""
    return Reader(html).run()
