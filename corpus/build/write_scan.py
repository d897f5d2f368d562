"""Source -> scanned PDF: the printed pages turned into slightly crooked, noisy grey pictures without a text layer."""

import io

import numpy as np
import pypdfium2
import write_pdf
from PIL import Image, ImageFilter
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas
from source import Source

DPI = 180
JPEG_QUALITY = 46


def write(source: Source) -> bytes:
    """An image-only PDF; `look.seed` fixes angle and noise."""
    pages = pypdfium2.PdfDocument(write_pdf.write(source))
    rng = np.random.default_rng(source.meta["look"].get("seed", 1))
    out = io.BytesIO()
    canvas = Canvas(out, invariant=1, pageCompression=0)
    canvas.setTitle(f"Scan {source.meta['look'].get('scan_name', source.meta['id'])}")
    for page in pages:
        width, height = page.get_size()
        image = _age(page.render(scale=DPI / 72, grayscale=True).to_pil().convert("L"), rng)
        canvas.setPageSize((width, height))
        canvas.drawImage(ImageReader(_jpeg(image)), 0, 0, width, height)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def _age(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Rotate by 0.3 to 1.2 degrees either way, soften, add paper tone, a dark edge and grain."""
    angle = float(rng.uniform(0.3, 1.2)) * (1 if rng.random() < 0.5 else -1)
    turned = image.rotate(angle, resample=Image.Resampling.BICUBIC, fillcolor=250)
    grey = np.asarray(turned.filter(ImageFilter.GaussianBlur(0.55)), dtype=np.float32)
    height, width = grey.shape
    edge = np.clip(1 - np.arange(width) / (width * 0.03), 0, 1) * 55
    grain = rng.normal(0, 2.6, (height // 2 + 1, width // 2 + 1)).repeat(2, 0).repeat(2, 1)[:height, :width]
    paper = 34 + grey * 0.84 - edge[None, :] + grain
    for _ in range(int(rng.integers(25, 60))):
        y, x = int(rng.integers(0, height - 3)), int(rng.integers(0, width - 3))
        paper[y : y + 2, x : x + 2] = 70
    return Image.fromarray(np.clip(paper, 0, 255).astype(np.uint8))


def _jpeg(image: Image.Image) -> io.BytesIO:
    data = io.BytesIO()
    image.save(data, "JPEG", quality=JPEG_QUALITY, optimize=True)
    data.seek(0)
    return data
