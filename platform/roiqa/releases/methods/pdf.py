"""A methods page as a PDF, for a paper's appendix. The same document gives the same bytes."""

import io
from typing import Any, Final
from xml.sax.saxutils import escape

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

_MARGIN_POINTS: Final = 48.0
# What reportlab leaves free inside a page's frame, on each side.
_PADDING_POINTS: Final = 6.0
_FONT, _BOLD = "Vera", "VeraBd"
# What the fonts lack is written as a question mark; the HTML page has every script.
_REPLACEMENTS: Final = str.maketrans({"\N{MINUS SIGN}": "-", "\N{NO-BREAK SPACE}": " "})


def to_pdf(document: Document) -> bytes:
    """The file. Letters of scripts that its font does not have become question marks."""
    # Only this page needs it: the web process starts without.
    from reportlab.lib.pagesizes import A4  # noqa: PLC0415
    from reportlab.platypus import SimpleDocTemplate  # noqa: PLC0415

    writer = _Writer(A4[0] - 2 * (_MARGIN_POINTS + _PADDING_POINTS))
    target = io.BytesIO()
    template = SimpleDocTemplate(
        target,
        pagesize=A4,
        leftMargin=_MARGIN_POINTS,
        rightMargin=_MARGIN_POINTS,
        topMargin=_MARGIN_POINTS,
        bottomMargin=_MARGIN_POINTS,
        title=document.title,
        author="",
        creator="ROIQA",
        # No dates and no random ids.
        invariant=1,
    )
    story = [*writer.title(document), *(flowable for block in document.blocks for flowable in writer.block(block))]
    template.build(story, onFirstPage=_page_number, onLaterPages=_page_number)
    return target.getvalue()


def _page_number(canvas: Any, template: Any) -> None:
    canvas.saveState()
    canvas.setFont(_FONT, 7)
    canvas.setFillColor(COLOURS["muted"])
    canvas.drawCentredString(template.pagesize[0] / 2, _MARGIN_POINTS / 2, str(canvas.getPageNumber()))
    canvas.restoreState()


class _Writer:
    """Blocks into what reportlab lays out on pages."""

    def __init__(self, width: float) -> None:
        from reportlab.lib.colors import HexColor  # noqa: PLC0415
        from reportlab.lib.styles import ParagraphStyle  # noqa: PLC0415
        from reportlab.pdfbase import pdfmetrics  # noqa: PLC0415
        from reportlab.pdfbase.ttfonts import TTFont  # noqa: PLC0415

        for name in (_FONT, _BOLD):
            if name not in pdfmetrics.getRegisteredFontNames():
                pdfmetrics.registerFont(TTFont(name, f"{name}.ttf"))
        self._known = set(pdfmetrics.getFont(_FONT).face.charToGlyph)
        self._width = width
        self._colours = {name: HexColor(value) for name, value in COLOURS.items()}
        ink, muted = self._colours["ink"], self._colours["muted"]
        text = ParagraphStyle("text", fontName=_FONT, fontSize=9, leading=13, textColor=ink, spaceAfter=5)
        self._styles = {
            "title": ParagraphStyle("title", parent=text, fontName=_BOLD, fontSize=15, leading=19, spaceAfter=3),
            "subtitle": ParagraphStyle("subtitle", parent=text, fontSize=8, leading=11, textColor=muted),
            "heading": ParagraphStyle(
                "heading", parent=text, fontName=_BOLD, fontSize=10.5, spaceBefore=10, spaceAfter=3, keepWithNext=1
            ),
            "text": text,
            "caption": ParagraphStyle("caption", parent=text, fontSize=7.5, leading=10, textColor=muted, spaceAfter=9),
            "above": ParagraphStyle("above", parent=text, fontSize=7.5, leading=10, textColor=muted, keepWithNext=1),
        }

    def title(self, document: Document) -> list[Any]:
        return [self._paragraph(document.title, "title"), self._paragraph(document.subtitle, "subtitle")]

    def block(self, block: Block) -> list[Any]:
        from reportlab.platypus import KeepTogether  # noqa: PLC0415

        match block:
            case Heading(text):
                return [self._paragraph(text, "heading")]
            case Paragraph(text):
                return [self._paragraph(text, "text")]
            case Table():
                return [KeepTogether([self._paragraph(block.caption, "above"), *self._table(block)])]
            case Picture():
                return [KeepTogether([self._drawing(block.drawing), self._paragraph(block.caption, "caption")])]

    def _paragraph(self, text: str, style: str) -> Any:
        from reportlab.platypus import Paragraph as Flowing  # noqa: PLC0415

        return Flowing(escape(self._printable(text)), self._styles[style])

    def _printable(self, text: str) -> str:
        plain = text.translate(_REPLACEMENTS)
        return "".join(letter if ord(letter) in self._known else "?" for letter in plain)

    def _table(self, table: Table) -> list[Any]:
        from reportlab.platypus import Spacer  # noqa: PLC0415
        from reportlab.platypus import Table as Grid  # noqa: PLC0415

        cells = [[self._printable(cell) for cell in row] for row in (table.head, *table.rows)]
        # Heads are broken at their blanks, by hand: a grid of plain text is set many times faster than one of paragraphs.
        cells[0] = [cell.replace(" ", "\n") for cell in cells[0]]
        letters = [
            max(len(line) for cell in column for line in cell.split("\n")) + 2 for column in zip(*cells, strict=True)
        ]
        widths = [self._width * count / sum(letters) for count in letters]
        grid = Grid(cells, colWidths=widths, repeatRows=1, hAlign="LEFT")
        grid.setStyle(
            [
                ("FONT", (0, 0), (-1, -1), _FONT, 7),
                ("FONT", (0, 0), (-1, 0), _BOLD, 7),
                ("LEADING", (0, 0), (-1, -1), 9),
                ("TEXTCOLOR", (0, 0), (-1, -1), self._colours["ink"]),
                ("ALIGN", (1, 0), (-1, -1), "RIGHT"),
                ("VALIGN", (0, 0), (-1, 0), "BOTTOM"),
                ("LINEBELOW", (0, 0), (-1, 0), 0.9, self._colours["ink"]),
                ("LINEBELOW", (0, 1), (-1, -1), 0.3, self._colours["grid"]),
                ("LEFTPADDING", (0, 0), (0, -1), 0),
                ("LEFTPADDING", (1, 0), (-1, -1), 3),
                ("RIGHTPADDING", (0, 0), (-1, -1), 3),
                ("TOPPADDING", (0, 0), (-1, -1), 1.5),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 2),
            ]
        )
        return [grid, Spacer(1, 8)]

    def _drawing(self, drawing: Drawing) -> Any:
        from reportlab.graphics.shapes import Drawing as Canvas  # noqa: PLC0415

        scale = self._width / drawing.width
        canvas = Canvas(self._width, drawing.height * scale)
        canvas.scale(scale, scale)
        for shape in drawing.shapes:
            canvas.add(self._shape(shape, drawing.height))
        return canvas

    def _shape(self, shape: Shape, height: float) -> Any:
        """A shape whose y counts from below, as it does in a PDF."""
        from reportlab.graphics import shapes  # noqa: PLC0415
        from reportlab.lib.colors import Color  # noqa: PLC0415

        colour = self._colours[shape.colour]
        match shape:
            case Line():
                dash = [4, 3] if shape.dashed else None
                ends = (shape.x1, height - shape.y1, shape.x2, height - shape.y2)
                return shapes.Line(*ends, strokeColor=colour, strokeWidth=shape.width, strokeDashArray=dash)
            case Rectangle():
                # Mixed with the paper, not see-through: some printers draw transparency badly.
                parts = [1 - (1 - part) * shape.strength for part in (colour.red, colour.green, colour.blue)]
                place = (shape.x, height - shape.y - shape.height, shape.width, shape.height)
                return shapes.Rect(*place, fillColor=Color(*parts), strokeColor=None)
            case Dot():
                return shapes.Circle(shape.x, height - shape.y, shape.radius, fillColor=colour, strokeColor=None)
            case Curve():
                points = [part for x, y in shape.points for part in (x, height - y)]
                return shapes.PolyLine(points, strokeColor=colour, strokeWidth=shape.width)
            case _:
                text = self._printable(shape.text)
                style = {"fontName": _FONT, "fontSize": shape.size * 0.88, "fillColor": colour}
                return shapes.String(shape.x, height - shape.y, text, textAnchor=shape.anchor, **style)
