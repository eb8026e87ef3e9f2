"""A methods page as one HTML file: no script, no request to anywhere, SVG pictures, fit for paper."""

from collections.abc import Iterator
from html import escape
from typing import Final

from roiqa.releases.methods.document import (
    COLOURS,
    Block,
    Curve,
    Document,
    Dot,
    Drawing,
    Heading,
    Line,
    Paragraph,
    Picture,
    Rectangle,
    Shape,
    Table,
)

_STYLE: Final = """
:root { color-scheme: light; }
body { margin: 0 auto; padding: 2rem 1rem 4rem; max-width: 54rem; background: #fff; color: #1c2124;
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; }
h1 { margin: 0; font-size: 1.7rem; line-height: 1.2; }
h2 { margin: 2rem 0 0.5rem; font-size: 1.15rem; }
p { margin: 0.5rem 0; overflow-wrap: anywhere; }
.subtitle { color: #535b60; }
.scroll { overflow-x: auto; margin: 1rem 0; }
table { border-collapse: collapse; width: 100%; font-size: 0.85rem; }
caption { padding-bottom: 0.3rem; text-align: left; color: #535b60; }
th, td { padding: 0.25rem 0.5rem; border-bottom: 1px solid #cdd2d4; text-align: right; white-space: nowrap; }
th:first-child, td:first-child { padding-left: 0; text-align: left; }
thead th { border-bottom: 1.5px solid #1c2124; vertical-align: bottom; white-space: normal; }
td { font-variant-numeric: tabular-nums; }
figure { margin: 1.2rem 0; }
svg { display: block; width: 100%; height: auto; max-width: 50rem; }
svg text { font-family: system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; }
figcaption { margin-top: 0.3rem; font-size: 0.85rem; color: #535b60; }
@page { size: A4; margin: 20mm 18mm; }
@media print {
  body { padding: 0; max-width: none; font-size: 10pt; }
  h2 { break-after: avoid; }
  figure, table, tr { break-inside: avoid; }
  .scroll { overflow: visible; }
  table { font-size: 7.5pt; }
  th, td { padding: 0.15rem 0.3rem; }
}
"""


def to_html(document: Document) -> str:
    """The file as text; nothing of the document is taken for markup."""
    return "".join(_pieces(document))


def _pieces(document: Document) -> Iterator[str]:
    title = escape(document.title)
    yield '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
    yield f"<title>{title}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n"
    yield f'<h1>{title}</h1>\n<p class="subtitle">{escape(document.subtitle)}</p>\n'
    for block in document.blocks:
        yield f"{_block(block)}\n"
    yield "</main>\n</body>\n</html>\n"


def _block(block: Block) -> str:
    match block:
        case Heading(text):
            return f"<h2>{escape(text)}</h2>"
        case Paragraph(text):
            return f"<p>{escape(text)}</p>"
        case Table():
            return _table(block)
        case Picture():
            return (
                f'<figure role="group">{_svg(block.drawing, block.says)}'
                f"<figcaption>{escape(block.caption)}</figcaption></figure>"
            )


def _table(table: Table) -> str:
    head = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in table.head)
    rows = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>\n" for row in table.rows)
    caption = f"<caption>{escape(table.caption)}</caption>"
    # A wide table scrolls by itself on a narrow screen, by keyboard too.
    region = f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(table.caption)}">'
    return f"{region}<table>{caption}<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}</tbody></table></div>"


def _svg(drawing: Drawing, says: str) -> str:
    shapes = "".join(_shape(shape) for shape in drawing.shapes)
    box = f"0 0 {_n(drawing.width)} {_n(drawing.height)}"
    return f'<svg viewBox="{box}" role="img" aria-label="{escape(says)}">{shapes}</svg>'


def _shape(shape: Shape) -> str:
    colour = COLOURS[shape.colour]
    match shape:
        case Line():
            dash = ' stroke-dasharray="4 3"' if shape.dashed else ""
            ends = f'x1="{_n(shape.x1)}" y1="{_n(shape.y1)}" x2="{_n(shape.x2)}" y2="{_n(shape.y2)}"'
            return f'<line {ends} stroke="{colour}" stroke-width="{_n(shape.width)}"{dash}/>'
        case Rectangle():
            place = f'x="{_n(shape.x)}" y="{_n(shape.y)}" width="{_n(shape.width)}" height="{_n(shape.height)}"'
            return f'<rect {place} fill="{colour}" fill-opacity="{_n(shape.strength)}"/>'
        case Dot():
            return f'<circle cx="{_n(shape.x)}" cy="{_n(shape.y)}" r="{_n(shape.radius)}" fill="{colour}"/>'
        case Curve():
            points = " ".join(f"{_n(x)},{_n(y)}" for x, y in shape.points)
            return f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="{_n(shape.width)}"/>'
        case _:
            place = f'x="{_n(shape.x)}" y="{_n(shape.y)}" font-size="{_n(shape.size)}" text-anchor="{shape.anchor}"'
            return f'<text {place} fill="{colour}">{escape(shape.text)}</text>'


def _n(value: float) -> str:
    """Two decimals are finer than any eye."""
    return f"{value:.2f}".rstrip("0").rstrip(".")
