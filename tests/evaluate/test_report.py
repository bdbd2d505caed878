"""The page."""

import struct
import zlib
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from voxclick.evaluate.event import Failure
from voxclick.evaluate.report import Shown, write_page
from voxclick.evaluate.results import Row
from voxclick.evaluate.summary import Measured, summarise

NASTY = "<script>alert('x')</script> & \"co\""
VOID = {"meta", "img", "br", "link"}


class Page(HTMLParser):
    """Checks that tags close in order, and gathers the text and the sources."""

    def __init__(self, html):
        super().__init__()
        self.open, self.tags, self.text, self.links = [], [], "", []
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.links += [value for name, value in attrs if name in ("src", "href")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


def tiny_png():
    def chunk(kind, data):
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    pixels = zlib.compress(b"\x00\x00")
    parts = (chunk(b"IHDR", header), chunk(b"IDAT", pixels), chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


@pytest.fixture
def summary():
    objects = [
        [Row(case, 1, name, step, step, step / 4, step / 5, 0.1) for step in (1, 2, 3)]
        for case, name in (("a", "liver"), ("b", "spleen"), (NASTY, NASTY))
    ]
    settings = {"model": "geodesic", "data": f"/data/{NASTY}", "tolerance_mm": 2.0, "labels": []}
    failures = [Failure(NASTY, None, "", NASTY)]
    measured = Measured(settings, {"voxclick": "1.2.3"}, "cpu")
    return summarise(objects, measured, {"a": "CT"}, 4, failures)


def test_the_page_is_complete_in_itself(summary):
    page = Page(write_page(summary, [Shown(summary.worst[0], tiny_png())]))
    assert [link[:22] for link in page.links] == ["data:image/png;base64,"]
    assert "svg" in page.tags
    assert "script" not in page.tags


def test_names_reasons_and_settings_are_escaped(summary):
    html = write_page(summary, [Shown(summary.worst[0], None, NASTY)])
    assert "<script" not in html
    assert Page(html).text.count(NASTY) >= 5


def test_the_page_tells_settings_structures_groups_failures_and_what_was_skipped(summary):
    text = Page(write_page(summary, [])).text
    counts = ("4 skipped as too small", "1 failed")
    for told in ("liver", "spleen", "CT", "geodesic", "1.2.3", *counts):
        assert told in text


def test_a_picture_that_could_not_be_drawn_is_said(summary):
    html = write_page(summary, [Shown(summary.worst[0], None, "the image is gone")])
    assert "the image is gone" in Page(html).text


def test_nothing_but_failures_is_a_page_too(summary):
    empty = summarise([], Measured({}, {}, "cpu"), {}, 0, summary.failures)
    page = Page(write_page(empty, []))
    assert "0 objects in 0 cases" in page.text
    assert "svg" not in page.tags


def test_one_click_is_a_page_too(summary):
    single = summarise([[Row("a", 1, "x", 1, 1, 0.5, 0.5, 0.1)]], Measured({}, {}, "cpu"), {})
    assert "svg" in Page(write_page(replace(single, later=None), [])).tags
