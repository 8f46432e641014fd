"""Contrast, computed in the browser from the colours as they are: text against what stands behind it."""

from __future__ import annotations

from typing import Any

LEAST = 4.5
"""What WCAG asks of text at level AA."""

MEASURE = """([among, passed, least]) => {
    const channel = (c) => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
    const light = (rgb) => rgb.reduce((sum, c, n) => sum + [0.2126, 0.7152, 0.0722][n] * channel(c), 0);
    const read = (css) => {
        const c = css.match(/[\\d.]+/g)?.map(Number);
        return c && (c[3] ?? 1) > 0.5 ? c.slice(0, 3) : null;
    };
    const ground = (one) => {
        for (let at = one; at; at = at.parentElement) {
            const rect = at.matches('.cell') ? at.querySelector('rect') : null; // a number of a drawing
            const found = read(rect ? getComputedStyle(rect).fill : getComputedStyle(at).backgroundColor);
            if (found) return found;
        }
        return [255, 255, 255];
    };
    const low = [];
    for (const one of document.querySelectorAll(among)) {
        const own = [...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
        if (!own || !one.getClientRects().length || one.closest(passed)) continue;
        const style = getComputedStyle(one);
        const front = read(one.ownerSVGElement ? style.fill : style.color);
        const [a, b] = [light(front), light(ground(one))].sort((x, y) => y - x);
        const ratio = (a + 0.05) / (b + 0.05);
        const name = one.className.baseVal ?? one.className;
        if (ratio < least) low.push(`${one.tagName} ${name} ${ratio.toFixed(2)}: ${one.textContent}`);
    }
    return low;
}"""


def too_low(page: Any, among: str, passed: str) -> list[str]:
    """The texts of a page with less contrast than they need; those inside ``passed`` are not looked at."""
    return list(page.evaluate(MEASURE, [among, passed, LEAST]))
