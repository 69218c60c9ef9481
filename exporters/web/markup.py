# SPDX-License-Identifier: Apache-2.0
"""HTML that is escaped by construction: text becomes markup only through `element`."""

from __future__ import annotations

from html import escape

_VOID = frozenset({"meta", "link", "rect", "line"})


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


def element(tag: str, *children: str, **attributes: str) -> Markup:
    """Return an element; children that are not `Markup` are escaped. `class_` is `class`, `aria_label` is `aria-label`."""
    start = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{escape(value)}"' for name, value in attributes.items() if value
    )
    if tag in _VOID:
        return Markup(f"<{tag}{start}>" if tag in {"meta", "link"} else f"<{tag}{start}/>")
    return Markup(f"<{tag}{start}>{joined(*children)}</{tag}>")


def joined(*children: str) -> Markup:
    """Return the children one after the other, escaped where they are not `Markup`."""
    return Markup("".join(child if isinstance(child, Markup) else escape(child) for child in children))
