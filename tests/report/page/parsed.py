"""A page as tests ask about it: references, rows of tables, words, packed data."""

import base64
import gzip
import html.parser
import json
import re

VOID = {"meta", "link", "img", "input", "br"}


class Page(html.parser.HTMLParser):
    """Collects what tests ask about: references, rows of tables by id, text, packed data."""

    def __init__(self, text):
        super().__init__()
        self.references, self.tables, self.open, self.text = [], {}, [], []
        self.packed, self.ids, self.table = {}, [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        self.references += [values[k] for k in ("src", "href", "srcset", "data") if k in values]
        if tag == "table":
            self.table = self.tables.setdefault(values.get("id"), [])
        if tag == "tr":
            self.table.append([])
        if tag in ("td", "th"):
            self.table[-1].append("")
        if tag not in VOID:
            self.open.append(tag)
            self.ids.append(values.get("id"))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag
        self.ids.pop()

    def handle_data(self, data):
        if self.open and self.open[-1] in ("style", "script"):
            self.packed[self.ids[-1]] = data
            return
        self.text.append(data)
        if {"td", "th"} & set(self.open):
            self.table[-1][-1] += data

    @property
    def words(self):
        return re.sub(r"[ \n]+", " ", "".join(self.text))

    @property
    def data(self):
        return json.loads(gzip.decompress(base64.b64decode(self.packed["data"])))


def read(path):
    text = path.read_text(encoding="utf-8")
    page = Page(text)
    assert not page.open
    return text, page
