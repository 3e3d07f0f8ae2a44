"""How a question names a content: a yes to the digest is a yes to every byte."""

from __future__ import annotations

import hashlib


def digest(content: bytes | str) -> str:
    """The first twelve hex digits of its SHA-256; a text may hold file names that are no UTF-8."""
    data = content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content
    return hashlib.sha256(data).hexdigest()[:12]
