"""Office files that come out the same on every run: fixed times, fixed order."""

import io
import re
import zipfile

EPOCH = (2026, 6, 1, 9, 0, 0)


def stable_zip(data: bytes) -> bytes:
    """Pack the archive again with one fixed time stamp; the times inside docProps/core.xml are fixed as well."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in sorted(old.namelist(), key=lambda n: (n != "[Content_Types].xml", n)):
            content = old.read(name)
            if name == "docProps/core.xml":
                content = re.sub(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", b"2026-06-01T09:00:00Z", content)
            info = zipfile.ZipInfo(name, EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.create_system = 3
            new.writestr(info, content)
    return out.getvalue()
