"""A tool's notebook as it is executed for a page: few turns between server and kernel, in the same order."""

from __future__ import annotations

from nbformat import NotebookNode

# A turn costs 8 ms of waiting on both sides; so many cells at once are still with the reader soon.
_MOST = 4
# What is before these has been seen when they are computed: the head, and the part before.
_ANEW = ("page.opening", "page.section")


def together(cells: list[NotebookNode]) -> list[NotebookNode]:
    """Neighbouring cells of code as one, four at most; each part of the page begins with one of its own."""
    found: list[NotebookNode] = []
    joined = 0
    for cell in cells:
        begins = not found or cell.cell_type != "code" or cell.source.startswith((*_ANEW, "%"))
        if begins or joined == _MOST or found[-1].cell_type != "code" or found[-1].source.startswith("%"):
            found.append(NotebookNode(cell))
            joined = 1
        else:
            found[-1].source += f"\n{cell.source}"
            joined += 1
    return found
