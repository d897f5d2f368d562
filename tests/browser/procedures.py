"""A few procedures for the browser: a PDF with front matter, a hostile Markdown file, two versions of a wiki page."""

from pathlib import Path

from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle, getSampleStyleSheet
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import PageBreak, Paragraph, SimpleDocTemplate

STEPS = (
    "1. Match the pacs.004 with AC04 to the original payment by its UETR.",
    "2. Book the returned funds to account 7710 within 2 hours.",
    "3. Ask a second person to approve the booking.",
    "4. Tell the client that the creditor account is closed; do not send the payment again.",
    "5. Close the case with outcome RETURNED.",
)
EVIL = "evil.example"
HOSTILE_TITLE = f'Recalls <b id="pwned">bold</b> ![t](http://{EVIL}/title.png)'
HOSTILE = f"""# Recalls <script>window.pwned = 1</script>

## Answering a camt.056 ![h](http://{EVIL}/heading.png)

1. Open the recall within 60 minutes. `<img src="http://{EVIL}/a.png" onerror="window.pwned=1">`
2. Check the credit in `[the portal](javascript:window.pwned=1)` and `![x](http://{EVIL}/b.png)` first.
3. Answer with camt.029 within 10 business days, `http://{EVIL}/auto` and `</script><script>window.pwned=1</script>`.

| Code | Meaning |
|---|---|
| DUPL | Duplicate `<svg onload="window.pwned=1">` |
| FRAD | Fraud `![y](http://{EVIL}/c.png)` |
"""
WIKI = """<html><head><title>CHAPS cut-off times</title></head><body><h1>CHAPS cut-off times</h1>
<h2>Cut-off for customer payments</h2><p>The CHAPS cut-off for customer payments is {time} London time.</p>
</body></html>"""
REGISTER = f"""documents:
- {{id: GDE-RET-204, title: Returned payments, version: "3.1", status: approved, effective_from: 2026-01-01,
   owner: Investigations, doc_type: guide, rails: [swift], regions: [us], readers: [], file: us/returns.pdf}}
- {{id: SOP-REC-300, title: '{HOSTILE_TITLE}', version: "2", status: approved, effective_from: 2026-01-01,
   owner: '<i>Ops</i>', doc_type: sop, rails: [sepa], regions: [eu], readers: [], file: recalls.md}}
- {{id: WIK-CHP-001, title: CHAPS cut-off times, version: "1", status: superseded, effective_from: 2025-01-01,
   effective_to: 2025-12-31, doc_type: wiki, rails: [chaps], regions: [uk], readers: [], file: old/chaps.html}}
- {{id: WIK-CHP-001, title: CHAPS cut-off times, version: "2", status: approved, effective_from: 2026-01-01,
   supersedes: "WIK-CHP-001 v1", doc_type: wiki, rails: [chaps], regions: [uk], readers: [], file: chaps.html}}
- {{id: SAN-001, title: Sanctions holds, version: "1", status: approved, effective_from: 2026-01-01,
   doc_type: sop, rails: [], regions: [], readers: [sanctions], file: sanctions.md}}
"""
SECRET = "Hold the payment in queue OWL and tell nobody else."


def write_procedures(folder: Path) -> Path:
    """Write the files and their register into `folder`."""
    for part in ("us", "old"):
        (folder / part).mkdir(parents=True)
    _write_pdf(folder / "us" / "returns.pdf")
    (folder / "recalls.md").write_text(HOSTILE, "utf-8")
    (folder / "old" / "chaps.html").write_text(WIKI.format(time="16:30"), "utf-8")
    (folder / "chaps.html").write_text(WIKI.format(time="17:40"), "utf-8")
    (folder / "sanctions.md").write_text(f"# Sanctions holds\n\n## Hits\n\n{SECRET}\n", "utf-8")
    (folder / "register.yaml").write_text(REGISTER, "utf-8")
    return folder


def _write_pdf(path: Path) -> None:
    styles = getSampleStyleSheet()
    step = ParagraphStyle("step", parent=styles["Normal"], leftIndent=18, spaceAfter=6)
    story = [
        Paragraph("Returned payments", styles["Title"]),
        Paragraph("Guide GDE-RET-204. This page is front matter.", styles["Normal"]),
        PageBreak(),
        Paragraph("4 A pacs.004 came back with AC04", styles["Heading1"]),
        *(Paragraph(text, step) for text in STEPS),
        PageBreak(),
        Paragraph("5 Escalation", styles["Heading1"]),
        Paragraph("Questions are escalated to the Investigations manager on extension 4410.", styles["Normal"]),
    ]
    SimpleDocTemplate(str(path), pagesize=A4, title="Returned payments").build(story, onFirstPage=_label)


def _label(canvas: Canvas, _template: object) -> None:
    canvas.addPageLabel(0, style="ROMAN_LOWER", start=1)
    canvas.addPageLabel(1, style="ARABIC", start=1)
