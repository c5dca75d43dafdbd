"""The documents, and the blocks of code in them."""

import re
from dataclasses import dataclass

from harness import ROOT

DOCUMENTS = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])


def links_of(text):
    """Returns the files that a document in Markdown links to, without anchors: "" is itself."""
    prose = re.sub(r"^```.*?^```|`[^`\n]*`", "", text, flags=re.MULTILINE | re.DOTALL)
    return [link.partition("#")[0] for link in re.findall(r"\]\(([^)\s]+)\)", prose)
            if "://" not in link and not link.startswith("mailto:")]


@dataclass
class Block:
    """A fenced block of a document.

    @param section the heading of level 2 that it stands under
    @param before what stands between it and the block before it
    """

    language: str
    text: str
    line: int
    section: str
    before: str


def blocks(path, language=None):
    """Returns the blocks of a document, or those in one language."""
    found, section, end = [], "", 0
    text = path.read_text()
    for match in re.finditer(r"^## ([^\n]*)|^```([^\n]*)\n(.*?)^```$", text,
                             re.MULTILINE | re.DOTALL):
        if match[1]:
            section = match[1]
        else:
            line = text.count("\n", 0, match.start()) + 1
            found.append(Block(match[2], match[3], line, section, text[end:match.start()]))
        end = match.end()
    return [block for block in found if language in (None, block.language)]
