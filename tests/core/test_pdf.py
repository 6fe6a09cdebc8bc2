"""What a document says can be read, and copied, as it was said."""

import io

from pypdf import PdfReader

from krak.core.ids import show, uuid7
from krak.core.pdf import Page, render


def test_an_id_stands_in_one_line() -> None:
    ids = [show("auth", uuid7()) for _ in range(300)]
    paper = render(
        Page(title="Receipt", subtitle="", foot="", sections=[],
             facts=[("Purchase", shown) for shown in ids])
    )  # fmt: skip

    lines = [
        line
        for page in PdfReader(io.BytesIO(paper)).pages
        for line in page.extract_text().splitlines()
    ]
    assert [line for line in lines if line.startswith("auth_")] == ids
