"""What a page costs: bytes, requests, what holds the first picture up, what moves afterwards.

On a first visit, over loopback, with a processor four times slower than this one: about a phone of
the middle class.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypedDict

from playwright.sync_api import Page, ViewportSize

from tests.browser.pages import State
from tests.browser.stage import Stage, blocked
from tests.browser.visitor import OF_LOOKS, Visitor, findings, wider_than_the_window


class Looks(TypedDict):
    viewport: ViewportSize


SLOWER = 4
# the most that a page may have
HOME_BYTES = 40_000
LCP_SECONDS = 1.0
RENDER_BLOCKING = 1
STATEMENTS = 6
DESKTOP: Looks = {"viewport": {"width": 1280, "height": 800}}
PHONE: Looks = {"viewport": {"width": 360, "height": 740}}

OBSERVE = """
window.moved = 0; window.movers = []; window.painted = 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) {
    if (entry.hadRecentInput) continue;
    window.moved += entry.value;
    for (const { node } of entry.sources) window.movers.push(node?.cloneNode(false).outerHTML);
  }
}).observe({ type: "layout-shift", buffered: true });
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) window.painted = entry.startTime;
}).observe({ type: "largest-contentful-paint", buffered: true });
"""
BLOCKING = """
performance.getEntriesByType("resource")
  .filter((entry) => entry.renderBlockingStatus === "blocking").map((entry) => entry.name)
"""
# the last frame is drawn, and the observers have heard of it
SETTLED = """
() => new Promise((done) =>
  requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 100))))
"""
# colors on their way to the other theme are neither the one nor the other
STILL = """
() => Promise.race([
  // settled: one whose element is swapped away is aborted, and is still as well
  Promise.allSettled(document.getAnimations().map((animation) => animation.finished)),
  new Promise((done) => setTimeout(done, 1000)),
])
"""


@dataclass(frozen=True)
class Measured:
    """Bytes as they came over the wire, headers included; seconds; `shift` by web.dev's CLS."""

    state: State
    bytes: int
    requests: int
    blocking: int
    lcp: float
    shift: float
    movers: tuple[str, ...]  # what moved
    statements: int | None  # None: a page that is not an address
    axe: tuple[str, ...]  # in light on a desktop and in dark on a phone
    csp: tuple[str, ...]  # what the policy blocked, and what else the console says

    def faults(self, *, times: bool = True) -> list[str]:
        """Which limits it breaks; those of the operators' pages are what hinders people."""
        found = [f"axe: {finding}" for finding in self.axe]
        found += [f"policy: {finding}" for finding in self.csp]
        if not self.state.is_site:
            return found
        if self.state.path == "/" and not self.state.error and self.bytes > HOME_BYTES:
            found.append(f"{self.bytes} bytes, more than {HOME_BYTES}")
        if self.blocking > RENDER_BLOCKING:
            found.append(f"{self.blocking} render-blocking requests")
        if self.shift > 0:
            found.append(f"layout shift of {self.shift:.4f}: {', '.join(self.movers)}")
        if self.statements is not None and self.statements > STATEMENTS:
            found.append(f"{self.statements} statements")
        if times and self.lcp > LCP_SECONDS:
            found.append(f"largest contentful paint after {self.lcp:.2f} s")
        return found


class Wire:
    """Counts what a page loads."""

    def __init__(self, page: Page) -> None:
        self.bytes = self.requests = 0
        self._session = page.context.new_cdp_session(page)
        self._session.send("Network.enable")
        self._session.on("Network.loadingFinished", self._finished)

    def _finished(self, event: dict[str, Any]) -> None:
        self.bytes += int(event["encodedDataLength"])
        self.requests += 1

    def slow_down(self, times: int) -> None:
        self._session.send("Emulation.setCPUThrottlingRate", {"rate": times})


def measure(stage: Stage, state: State, *, slower: int = SLOWER) -> Measured:
    """Look at it once: with a cold cache on a desktop in light, then on a phone in dark."""
    address = stage.set_scene(state)
    with stage.browser_of(state.who, **DESKTOP) as context:
        context.add_init_script(OBSERVE)
        page = context.new_page()
        visitor = Visitor(page, stage.site)
        wire = Wire(page)
        wire.slow_down(slower)
        stage.show(state, page, address)
        page.evaluate(SETTLED)
        painted, moved, movers = page.evaluate("[window.painted, window.moved, window.movers]")
        sent, requests, blocking = wire.bytes, wire.requests, len(page.evaluate(BLOCKING))
        wire.slow_down(1)
        hindered = findings(page) + wider_than_the_window(page)
        page.emulate_media(color_scheme="dark")
        page.set_viewport_size(PHONE["viewport"])
        page.evaluate(STILL)
        hindered += findings(page, rules=OF_LOOKS) + wider_than_the_window(page)
        return Measured(
            state,
            bytes=sent,
            requests=requests,
            blocking=blocking,
            lcp=painted / 1000,
            shift=moved,
            movers=tuple(str(mover)[:120] for mover in movers),
            statements=_statements(stage, state, address),
            axe=tuple(hindered),
            csp=tuple(blocked(page) + visitor.complaints),
        )


def _statements(stage: Stage, state: State, address: str) -> int | None:
    if state.act or state.error:
        return None
    cookies = stage.sign_in_of(state.who)["cookies"] if state.who else []
    named = {cookie["name"]: cookie["value"] for cookie in cookies}
    return stage.backstage.statements(address.removeprefix(stage.site.url), named)
