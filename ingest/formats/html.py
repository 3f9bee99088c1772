"""The text of HTML that came by mail or chat, without quoted replies."""

from html.parser import HTMLParser

_HIDDEN = frozenset({"script", "style", "head", "title", "template"})
_BREAKS = frozenset({"p", "div", "br", "li", "tr", "h1", "h2", "h3", "h4", "table", "ul", "ol", "blockquote", "hr"})
_VOID = frozenset({"br", "hr", "img", "meta", "link", "input", "area", "base", "col", "embed", "source", "wbr"})
_QUOTES = ("gmail_quote", "yahoo_quoted", "moz-cite-prefix", "protonmail_quote")
"""Classes under which mail programs put what they quote; `blockquote` stands for the others."""


class _Text(HTMLParser):
    def __init__(self, *, without_quotes: bool) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._without_quotes = without_quotes
        self._open: list[tuple[str, bool]] = []
        self._skipped = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _BREAKS:
            self.parts.append("\n")
        if tag in _VOID:
            return
        values = dict(attrs)
        classes = values.get("class") or ""
        quoted = tag == "blockquote" or any(name in classes for name in _QUOTES)
        skipped = tag in _HIDDEN or (self._without_quotes and quoted)
        self._open.append((tag, skipped))
        self._skipped += skipped

    def handle_endtag(self, tag: str) -> None:
        if not any(tag == opened for opened, _ in self._open):
            return
        while self._open:
            opened, skipped = self._open.pop()
            self._skipped -= skipped
            if opened == tag:
                break
        if tag in _BREAKS:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._skipped:
            self.parts.append(" ".join(data.split()) and f"{data}")


def text_of(markup: str, *, without_quotes: bool = False) -> str:
    """The words that a reader sees, a line a paragraph. Never raises: broken markup gives what can be found."""
    parser = _Text(without_quotes=without_quotes)
    parser.feed(markup)
    parser.close()
    lines = (" ".join(line.split()) for line in "".join(parser.parts).split("\n"))
    return "\n".join(line for line in lines if line)
