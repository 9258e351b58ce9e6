"""The function reference as one page: offline, searched as one types, with charts.

Everything on it is read from the registry; nothing is written twice. The page holds its style and
its script, and asks for nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from html import escape
from itertools import groupby

from xlcredit._version import __version__
from xlcredit.functions.pictures import PICTURES, picture
from xlcredit.worksheet.explain import Argument, Manual

__all__ = ["reference_page"]

_STYLE = """
:root { --ink:#1d2433; --quiet:#5c6577; --line:#d9dee7; --paper:#fff; --shade:#f5f7fa;
  --accent:#0b5394; }
@media (prefers-color-scheme: dark) { :root { --ink:#e6e9ef; --quiet:#9aa4b5; --line:#333b4a;
  --paper:#161a22; --shade:#1e242f; --accent:#7ab4f0; } }
* { box-sizing: border-box }
body { margin:0; background:var(--paper); color:var(--ink);
  font:15px/1.5 system-ui, "Segoe UI", Carlito, "Liberation Sans", sans-serif }
header { position:sticky; top:0; z-index:1; padding:.8rem 1.2rem; background:var(--paper);
  border-bottom:1px solid var(--line); display:flex; gap:1rem; align-items:center; flex-wrap:wrap }
h1 { font-size:1.05rem; margin:0 }
input { flex:1; min-width:14rem; max-width:34rem; padding:.45rem .7rem; font:inherit;
  color:inherit; background:var(--shade); border:1px solid var(--line); border-radius:6px }
#count, .quiet { color:var(--quiet) }
main { display:grid; grid-template-columns:15rem minmax(0,54rem); gap:2rem; padding:1rem 1.2rem }
nav { position:sticky; top:4.5rem; align-self:start; max-height:calc(100vh - 6rem); overflow:auto;
  font-size:.86rem }
nav h2 { font-size:.78rem; margin:.9rem 0 .2rem; color:var(--quiet); font-weight:600 }
nav a { display:block; color:inherit; text-decoration:none; padding:.08rem 0 }
nav a:hover, a { color:var(--accent) }
article { border-top:1px solid var(--line); padding:1.1rem 0 1.3rem; scroll-margin-top:4.5rem }
h3 { margin:0 0 .2rem; font-size:1.15rem }
code, pre { font-family:ui-monospace, Consolas, "DejaVu Sans Mono", monospace; font-size:.84rem }
.signature { color:var(--quiet); overflow-wrap:anywhere }
table { border-collapse:collapse; width:100%; margin:.6rem 0; font-size:.9rem }
th { text-align:left; color:var(--quiet); font-weight:600 }
th, td { border-bottom:1px solid var(--line); padding:.28rem .6rem .28rem 0; vertical-align:top }
.example { background:var(--shade); border-radius:6px; padding:.5rem .7rem; margin:.4rem 0;
  display:flex; gap:.8rem; align-items:flex-start }
.example div { flex:1; overflow-wrap:anywhere }
.example button { font:inherit; font-size:.78rem; color:var(--accent); background:none;
  border:1px solid var(--line); border-radius:5px; cursor:pointer }
.result { color:var(--quiet) }
figure { margin:.7rem 0 } svg { max-width:28rem; width:100%; height:auto }
svg text { fill:var(--quiet); font-size:11px }
svg .axis { stroke:var(--line) } svg .curve { stroke:var(--accent); stroke-width:2; fill:none }
figcaption, small { color:var(--quiet); font-size:.84rem }
[hidden] { display:none !important }
@media (max-width: 50rem) { main { grid-template-columns:1fr } nav { display:none } }
@media print { header input, nav, button { display:none } main { display:block } }
"""

_SCRIPT = """
const box = document.querySelector('input'), count = document.querySelector('#count');
const pages = [...document.querySelectorAll('article')];
const links = new Map([...document.querySelectorAll('nav a')].map(a => [a.hash.slice(1), a]));
function search() {
  const words = box.value.toLowerCase().split(/\\s+/).filter(Boolean);
  let shown = 0;
  for (const page of pages) {
    const text = page.dataset.words;
    const fits = words.every(word => text.includes(word));
    page.hidden = links.get(page.id).hidden = !fits;
    shown += fits;
  }
  for (const group of document.querySelectorAll('nav section'))
    group.hidden = ![...group.querySelectorAll('a')].some(a => !a.hidden);
  count.textContent = shown + ' of ' + pages.length;
}
function follow() {
  if (location.hash.startsWith('#q=')) box.value = decodeURIComponent(location.hash.slice(3));
  search();
}
box.addEventListener('input', search);
window.addEventListener('hashchange', follow);
document.addEventListener('keydown', event => {
  if (event.key === '/' && document.activeElement !== box) { event.preventDefault(); box.focus(); }
  if (event.key === 'Escape') { box.value = ''; search(); }
});
document.addEventListener('click', event => {
  if (event.target.tagName !== 'BUTTON') return;
  navigator.clipboard.writeText(event.target.parentElement.querySelector('code').textContent);
  event.target.textContent = 'copied';
});
follow();
"""


def reference_page(manuals: Iterable[Manual]) -> str:
    """Write the reference of worksheet functions as one self-contained HTML page.

    Parameters
    ----------
    manuals : iterable of Manual
        In the order of the reference.

    Returns
    -------
    str
        The page. It loads nothing; ``#q=ltv`` behind its address searches.
    """
    pages = list(manuals)
    grouped = [
        (category, list(group))
        for category, group in groupby(
            sorted(pages, key=_order_of(pages)), lambda page: page.category
        )
    ]
    contents = "".join(
        f"<section><h2>{_short(category)}</h2>"
        + "".join(f'<a href="#{page.name}">{page.name}</a>' for page in group)
        + "</section>"
        for category, group in grouped
    )
    articles = "".join(_article(page) for _, group in grouped for page in group)
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>xlcredit {__version__}: worksheet functions</title>"
        f"<style>{_STYLE}</style></head>\n<body><header><h1>xlcredit {__version__}</h1>"
        '<input type="search" placeholder="Search: ltv, margin call, residual … ( / )" '
        'aria-label="Search the functions" autofocus><span id="count"></span></header>\n'
        f"<main><nav>{contents}</nav><div>{articles}</div></main>\n"
        f"<script>{_SCRIPT}</script></body></html>\n"
    )


def _order_of(pages: list[Manual]) -> Callable[[Manual], int]:
    """Keep categories together, each where its first function stands."""
    first: dict[str, int] = {}
    for page in pages:
        first.setdefault(page.category, len(first))
    return lambda page: first[page.category]


def _short(category: str) -> str:
    return escape(category.partition(": ")[2] or category)


def _article(page: Manual) -> str:
    """One function: what it is, its arguments, errors, examples, picture and sources."""
    unit = f' <span class="quiet">[{escape(page.unit)}]</span>' if page.unit else ""
    parts = [
        f'<article id="{page.name}" data-words="{escape(page.words, quote=True)}">',
        f'<h3>{page.name}</h3><code class="signature">={escape(page.signature)}</code>',
        f"<p>{escape(page.summary)}{unit}</p>",
        *(f"<p>{escape(paragraph)}</p>" for paragraph in page.notes.split("\n") if paragraph),
        _arguments(page.parameters),
        f"<p>Returns: {escape(page.returns)}</p>" if page.returns else "",
        _errors(page),
        *(_example(e.formula, e.result) for e in page.examples),
        _figure(page),
        *(f"<p><small>{escape(text)}</small></p>" for text in page.references),
        "</article>\n",
    ]
    return "".join(parts)


def _arguments(arguments: Iterable[Argument]) -> str:
    rows = "".join(
        f"<tr><td><code>{escape(a.name if a.required else f'[{a.name}]')}</code></td>"
        f"<td>{escape(a.meaning)}{_words(a)}</td><td>{escape(a.unit)}</td></tr>"
        for a in arguments
    )
    head = "<tr><th>argument</th><th>meaning</th><th>unit</th></tr>"
    return f"<table>{head}{rows}</table>" if rows else ""


def _words(argument: Argument) -> str:
    """The words that an argument may be, or the labels that a block of terms may hold."""
    words = argument.choices or argument.labels
    if not words:
        return ""
    return f' <span class="quiet">{escape(" · ".join(words))}</span>'


def _errors(page: Manual) -> str:
    rows = "".join(
        f"<tr><td><code>{escape(code)}</code></td><td>{escape(reason)}</td></tr>"
        for code, reason in page.raises
    )
    return f"<table>{rows}</table>" if rows else ""


def _example(formula: str, result: str) -> str:
    return (
        f'<div class="example"><div><code>{escape(formula)}</code><br>'
        f'<code class="result">{escape(result)}</code></div>'
        '<button type="button">copy</button></div>'
    )


def _figure(page: Manual) -> str:
    """The function over one of its arguments, where a picture says more."""
    if page.name not in PICTURES:
        return ""
    caption = PICTURES[page.name].caption
    return f"<figure>{picture(page.name)}<figcaption>{escape(caption)}</figcaption></figure>"
