"""The visualizer's page in a real browser: what is clicked, typed and pointed at, and what it then shows.

The server runs in a process of its own. Every page is watched: whatever it writes to its console, whatever
it throws and every request that does not go to loopback fails the test that it belongs to.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import pytest

from tests.browser.contrast import too_low
from w2v.stepper import Stepper, StepSettings
from w2v.stepper.recipes import Reference, format_number
from w2v.visualizer.export import export, framed

pytestmark = pytest.mark.slow

LAPTOP, PHONE = {"width": 1366, "height": 768}, {"width": 390, "height": 844}
STAGES = ("Initial", "Forward", "Error", "Deltas", "Update")
MINUS = "\N{MINUS SIGN}"
SETTINGS = StepSettings()
TWELVE = "the quick brown fox jumps over a lazy dog and runs away"
SCRIPT = "<img/src=x/onerror=document.title='owned'> </script><script>document.title='owned'</script> b"


@pytest.fixture(scope="session")
def address() -> Iterator[str]:
    """The address of a server in another process."""
    command = [sys.executable, "-u", "-m", "w2v", "visualize", "--port", "0", "--no-browser"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        yield re.match(r"http://127\.0\.0\.1:\d+/", line)[0]  # type: ignore[index]
        process.kill()  # it keeps nothing


class Visit:
    """A page in a browser, as a reader goes about it."""

    def __init__(self, page: Any) -> None:
        self.page = page

    def text(self, selector: str) -> str:
        """What is written there."""
        return str(self.page.locator(selector).first.text_content())

    def numbers(self, quantity: str) -> list[str]:
        """The numbers of a quantity as they are shown, row after row."""
        return list(
            self.page.locator(f'.table.known[data-quantity="{quantity}"] .number').all_text_contents()
        )

    def cell(self, quantity: str, *at: int) -> Any:
        """One number of a quantity."""
        return self.page.locator(f'[data-cell="{" ".join([quantity, *map(str, at)])}"]')

    def at(self, stage: str, iteration: int) -> None:
        """Wait until that stage of that iteration is shown."""
        self.page.wait_for_function(
            "([stage, iteration]) => document.getElementById('stage-title').textContent === stage"
            " && document.getElementById('fact-iteration').textContent === String(iteration)",
            arg=[stage, iteration],
        )

    def press(self, *keys: str) -> None:
        """Press keys, one after the other."""
        for key in keys:
            self.page.keyboard.press(key)

    def click_graph(self) -> None:
        """Click the graph where no number is."""
        box = self.page.locator("#graph").bounding_box()
        self.page.mouse.click(box["x"] + 3, box["y"] + 3)


@pytest.fixture
def visit(browser: Any, address: str) -> Iterator[Callable[..., Visit]]:
    """Open pages, ``visit("stage=error&word=2")``, that must behave until the test ends."""
    contexts, wrong = [], []

    def open_page(
        where: str = "",
        *,
        base: str | None = None,
        offline: bool = False,
        quiet: bool = True,
        **options: Any,
    ) -> Visit:
        context = browser.new_context(**{"viewport": LAPTOP, "offline": offline, **options})
        context.set_default_timeout(10_000)
        contexts.append(context)
        page = context.new_page()
        if quiet:
            page.on("console", lambda message: wrong.append(f"console: {message.text}"))
        page.on("pageerror", lambda problem: wrong.append(f"thrown: {problem}"))
        page.on("request", lambda request: outside(request.url) and wrong.append(f"asked: {request.url}"))
        page.goto((address if base is None else base) + (f"#{where}" if where else ""))
        page.wait_for_selector(".cell")
        return Visit(page)

    yield open_page
    for context in contexts:
        context.close()
    assert wrong == []


def outside(url: str) -> bool:
    """Whether a request leaves this machine."""
    return not re.match(r"http://127\.0\.0\.1:\d+/|file:|data:|blob:|about:", url)


def flat(value: Any) -> list[float]:
    """The numbers of nested lists."""
    return [number for part in value for number in flat(part)] if isinstance(value, list) else [value]


def shown(value: float) -> str:
    """A number as the page should show it; the same few lines once more, for the test."""
    if value == int(value):
        return str(int(value)).replace("-", MINUS)
    return (f"{value:.2g}" if abs(value) < 0.01 else f"{value:.2f}").replace("-", MINUS, 1)


# --- the way through ----------------------------------------------------------------------------------


def test_clicking_the_graph_goes_through_an_epoch_and_back_leads_to_where_it_began(
    visit: Callable[..., Visit],
) -> None:
    page, stepper = visit(), Stepper.of(SETTINGS)
    first = page.numbers("W")
    for word in range(stepper.steps_per_epoch):
        values = stepper.step(0, word)["values"]
        for stage in STAGES:
            page.at(stage, word + 1)
            assert page.numbers("W") == list(map(shown, flat(values["W"])))
            page.click_graph()
    page.at("Initial", 6)
    assert page.text("#fact-epoch") == "2"
    for word in reversed(range(stepper.steps_per_epoch)):
        for stage in reversed(STAGES):
            page.page.click("#back")
            page.at(stage, word + 1)
    assert page.numbers("W") == first
    assert page.page.locator("#back").is_disabled()


@pytest.mark.parametrize("loss", ["softmax", "negative", "hs"])
def test_every_number_shown_is_the_steppers(visit: Callable[..., Visit], loss: str) -> None:
    page = visit(f"loss={loss}&epoch=3&word=2&stage=update")
    page.at("Update", Stepper.of(StepSettings(loss=loss)).steps_per_epoch * 2 + 2)
    step = Stepper.of(StepSettings(loss=loss)).step(2, 1)
    for name, value in step["values"].items():
        assert page.numbers(name) == list(map(shown, flat(value))), name


def test_only_what_a_stage_knows_is_shown_and_what_it_changed_is_singled_out(
    visit: Callable[..., Visit],
) -> None:
    page = visit("word=2")
    step = Stepper.of(SETTINGS).step(0, 1)
    for number in (*range(5), 2, 0):
        page.page.click(f"#stages li:nth-child({number + 1}) button")
        page.at(STAGES[number], 2)
        filled = {name for name in step["values"] if any(page.numbers(name))}
        assert filled == set(step["stages"][number]["known"])
        changed = page.page.eval_on_selector_all(
            ".table.changed", "all => all.map(one => one.dataset.quantity)"
        )
        assert set(changed) == set(step["stages"][number]["changed"])
        if number:
            active = page.page.eval_on_selector_all(
                ".arrow.active", "all => all.map(one => one.dataset.path)"
            )
            assert {path.split()[1] for path in active} <= set(changed)
            assert active


def test_word_epoch_and_jump_go_where_they_say(visit: Callable[..., Visit]) -> None:
    page = visit()
    for button, iteration in [
        ("next-word", 2),
        ("next-epoch", 7),
        ("previous-word", 6),
        ("previous-epoch", 1),
    ]:
        page.page.click(f"#{button}")
        page.at("Initial", iteration)
    page.page.fill("#jump-epoch", "40")
    page.page.fill("#jump-word", "3")
    page.page.click("#jump button")
    page.at("Initial", 39 * 5 + 3)
    for field, wrong, says in [
        ("word", "6", "no word 6: an epoch has 5"),
        ("epoch", str(10**12), "too far"),
        ("word", "", "from 1"),
    ]:
        page.page.fill("#jump-word", "1")
        page.page.fill(f"#jump-{field}", wrong)
        page.page.click("#jump button")
        page.page.wait_for_function(
            "says => document.getElementById('problem').textContent.includes(says)", arg=says
        )


def test_playing_goes_on_until_it_is_stopped(visit: Callable[..., Visit]) -> None:
    page = visit()
    page.page.select_option("#speed", "next_epoch 100")
    page.page.click("#play")
    page.page.wait_for_function("() => Number(document.getElementById('fact-epoch').textContent) >= 4")
    # and the address follows
    page.page.wait_for_function("() => Number(/epoch=(\\d+)/.exec(location.hash)?.[1]) >= 6")
    page.page.click("#play")
    assert page.page.locator("#play").get_attribute("aria-label") == "Play"
    stopped = page.text("#fact-epoch")
    page.page.wait_for_timeout(300)
    assert abs(int(page.text("#fact-epoch")) - int(stopped)) <= 1


def test_play_pause_and_play_again_play_once(visit: Callable[..., Visit]) -> None:
    page = visit()
    page.page.clock.install(time=0)
    page.page.clock.pause_at(1000)
    page.press("p")
    page.at("Forward", 1)
    page.page.clock.run_for(300)
    page.press("p", "p")
    page.at("Error", 1)
    page.page.clock.run_for(800)  # now the first one would go on, had it not been stopped
    assert page.text("#stage-title") == "Error"
    page.page.clock.run_for(300)
    page.at("Deltas", 1)
    page.press("p")


# --- where a number comes from ------------------------------------------------------------------------


@pytest.mark.parametrize("loss", ["softmax", "negative", "hs"])
def test_every_numbers_sum_is_written_as_python_writes_it(visit: Callable[..., Visit], loss: str) -> None:
    page, stepper = visit(f"loss={loss}&word=2&stage=update"), Stepper(loss=loss).go((0, 1, 4))
    frame = stepper.frame()
    for name, quantity in frame.table.items():
        if not quantity.recipe:
            continue
        at = tuple(int(frame.axes[axis].shown[-1]) for axis in quantity.axes)
        value, terms = float(frame.values[name][at]), frame.derivation(name, at)
        said = {"rounded": frame.written(name, at), "full": frame.written(name, at, None)}
        for kind, text in said.items():
            page.cell(name, *at).hover(force=True)
            rounded = float(shown(value).replace(MINUS, "-"))
            exact = kind == "full" or (said["rounded"] == said["full"] and rounded == value)
            assert f" = {text} {'=' if exact else '≈'} " in page.text("#sum"), name
            if kind == "rounded":
                lit = page.page.locator('[class*="operand-"].cell').count()
                assert lit == len({t for t in terms if isinstance(t, Reference)}), name
            page.press("f")


def test_pointing_lights_up_the_row_and_the_column_that_were_multiplied(
    visit: Callable[..., Visit],
) -> None:
    page = visit("word=2&stage=forward")
    page.cell("u", 2).hover()
    lit = page.page.eval_on_selector_all(
        '.cell[class*="operand-"]', "all => all.map(one => one.dataset.cell)"
    )
    assert set(lit) == {f"h {i}" for i in range(3)} | {f"W_prime {i} 2" for i in range(3)}
    page.page.mouse.move(700, 20)
    assert page.text("#sum").startswith("u3 = ")  # until another is pointed at, so that the sum can be read
    page.press("Escape")
    assert page.page.locator('.cell[class*="operand-"]').count() == 0


def test_a_number_in_a_sum_leads_to_its_own_sum(visit: Callable[..., Visit]) -> None:
    page = visit("word=2&stage=error")
    page.cell("EI", 3).focus()
    page.page.click("#sum .term >> nth=0")
    assert page.text("#sum").startswith("y4 = exp(")


# --- settings and addresses -----------------------------------------------------------------------------


def test_a_link_leads_to_its_step_and_the_address_follows(visit: Callable[..., Visit]) -> None:
    page = visit(
        f"text={quote('eins zwei drei')}&vector_size=2&alpha=0.5&seed=4&epoch=2&word=3&stage=deltas"
    )
    page.at("Deltas", 6)
    step = Stepper.of(StepSettings("eins zwei drei", vector_size=2, alpha=0.5, seed=4)).step(1, 2)
    assert page.numbers("dE_dW") == list(map(shown, flat(step["values"]["dE_dW"])))
    page.press("n")
    page.at("Update", 6)
    page.page.wait_for_function("() => location.hash.includes('stage=update')")
    again = visit(page.page.url.split("#")[1])
    again.at("Update", 6)
    assert again.numbers("W_new") == page.numbers("W_new")


def test_the_text_is_edited_and_what_is_wrong_is_said_at_its_field(visit: Callable[..., Visit]) -> None:
    page = visit(quiet=False)  # Chromium writes refused requests to the console
    page.page.click("#open-settings")
    page.page.fill("[name=text]", "a rose is a rose")
    page.page.fill("[name=window]", "0")
    page.page.click("#apply-settings")
    page.page.wait_for_selector("[name=window][aria-invalid]")
    assert "window" in page.text("#settings-problem")
    page.page.fill("[name=window]", "2")
    page.page.click("#apply-settings")
    page.page.wait_for_selector("#settings", state="hidden")
    assert page.text("#sentence").split() == ["a", "rose", "is", "a", "rose"]
    assert len(page.numbers("x")) == 3
    page.page.wait_for_function("() => location.hash.includes('window=2')")


@pytest.mark.parametrize(
    ("settings", "says"), [("text=", "text"), ("text=one", "text"), ("alpha=nan", "alpha")]
)
def test_a_link_with_a_wrong_setting_says_so(visit: Callable[..., Visit], settings: str, says: str) -> None:
    page = visit(settings, quiet=False)
    page.page.wait_for_selector("#settings-problem:visible")
    assert says in page.text("#settings-problem")


@pytest.mark.parametrize(
    ("place", "says"), [("epoch=1000000000000", "too far"), ("word=99", "no word 99: an epoch has 5")]
)
def test_a_link_beyond_the_end_says_so_and_shows_the_beginning(
    visit: Callable[..., Visit], place: str, says: str
) -> None:
    page = visit(place)
    page.page.wait_for_selector("#problem:visible")
    assert says in page.text("#problem")
    page.at("Initial", 1)


def test_of_two_texts_the_one_asked_for_last_is_shown(visit: Callable[..., Visit]) -> None:
    page = visit()
    held: list[Any] = []
    slow = lambda route: "slow" in (route.request.post_data or "")  # noqa: E731
    page.page.route("**/api/session", lambda r: held.append(r) if slow(r) else r.continue_())
    with page.page.expect_request("**/api/session"):
        page.page.evaluate("location.hash = 'text=slow words'")
    page.page.evaluate("location.hash = 'text=fast words'")
    sentence = "() => document.getElementById('sentence').textContent.trim() === 'fast words'"
    page.page.wait_for_function(sentence)
    with page.page.expect_response("**/api/session"):
        held[0].continue_()
    page.page.wait_for_timeout(200)
    assert page.text("#sentence").split() == ["fast", "words"]
    assert "fast" in page.page.url


@pytest.mark.parametrize(
    "text",
    [
        SCRIPT,
        "\N{GRINNING FACE} a \N{GRINNING FACE}",
        "\u05e9\u05dc\u05d5\u05dd \u0643 caf\u00e9",
        "x" * 90 + " y z",
    ],
)
def test_words_are_text_whatever_is_in_them(visit: Callable[..., Visit], text: str) -> None:
    page = visit(f"text={quote(text)}&stage=update")
    page.at("Update", 1)
    assert page.text("#sentence").split() == text.split()
    page.cell("W_new", 0, 0).hover()
    assert page.page.title() == "word2vec, step by step"
    assert page.page.locator("img").count() == 0


def test_two_pages_do_not_disturb_each_other(visit: Callable[..., Visit]) -> None:
    one, other = visit("seed=1"), visit("seed=2")
    one.press("n")
    one.at("Forward", 1)
    other.press("w")
    other.at("Initial", 2)
    assert one.numbers("W") != other.numbers("W")
    one.press("n")
    one.at("Error", 1)
    assert one.numbers("W") == list(map(shown, flat(Stepper.of(SETTINGS).step(0, 0)["values"]["W"])))


# --- what stands beside it ------------------------------------------------------------------------------


def test_the_panel_gives_equation_label_page_line_shapes_and_jaxs_word(visit: Callable[..., Visit]) -> None:
    page = visit("word=2&stage=error")
    entry = '#equations li[data-quantity="EI"]'
    assert page.page.locator(f"{entry} math").count() == 1
    assert page.page.locator(f"{entry} math").first.bounding_box()["height"] > 20
    for part in (
        "skipgram.flow.EI",
        "p. 8",
        "verified",
        "EI = e.sum(axis=0)",
        "NumPy (5,)",
        "as a column (5, 1)",
    ):
        assert part in page.text(entry)
    page.page.wait_for_selector(".badge.agrees", timeout=30_000)
    assert re.search(r"difference to JAX's gradient in 30 entries: \d", page.text("#badge"))
    page.page.wait_for_selector(f"{entry} .chip.holds", timeout=60_000)


@pytest.mark.parametrize("loss", ["softmax", "negative", "hs"])
def test_the_update_says_that_its_rule_is_ours(visit: Callable[..., Visit], loss: str) -> None:
    page = visit(f"loss={loss}&stage=update")
    for name in ("W_new", "W_prime_new"):
        entry = page.text(f'#equations li[data-quantity="{name}"]')
        assert "ours" in entry
        assert "backpropagation.step_reduces_loss" in entry
        assert "it speaks of moving “a little” (§2, p. 2)" in entry


ARROWS_ASTRAY = """() => {
    const rect = (one) => one.getBoundingClientRect();
    const parts = (table) => [table.querySelector('.outline'), ...table.querySelectorAll('.label')];
    const things = [...document.querySelectorAll('.table')].flatMap(
        (table) => parts(table).map((thing) => [table.dataset.quantity, thing]));
    const astray = [];
    const near = (quantity, { x, y }) => {
        const table = document.querySelector(`.table[data-quantity="${quantity}"]`);
        const { left, right, top, bottom } = rect(table);
        return x > left - 14 && x < right + 14 && y > top - 14 && y < bottom + 14;
    };
    for (const arrow of document.querySelectorAll('.arrow')) {
        const [matrix, ends] = [arrow.getScreenCTM(), arrow.dataset.path.split(' ')];
        const on = (at) => arrow.getPointAtLength(at).matrixTransform(matrix);
        const tips = [on(0), on(arrow.getTotalLength())];
        if (!ends.every((quantity, n) => near(quantity, tips[n]))) astray.push(`${ends}: ends elsewhere`);
        for (let at = 6; at < arrow.getTotalLength() - 6; at += 3) {
            const { x, y } = on(at);
            for (const [quantity, thing] of things) {
                const { left, right, top, bottom } = rect(thing);
                const own = ends.includes(quantity) && thing.matches('.outline');
                if (!own && x > left + 1 && x < right - 1 && y > top + 3 && y < bottom - 3) {
                    astray.push(`${arrow.dataset.path}: ${quantity} ${thing.textContent}`);
                }
            }
        }
    }
    return [...new Set(astray)];
}"""


@pytest.mark.parametrize("loss", ["softmax", "negative", "hs"])
def test_arrows_lead_from_table_to_table_and_through_no_other_and_no_label(
    visit: Callable[..., Visit], loss: str
) -> None:
    page = visit(f"loss={loss}&word=2&stage=update")
    for text in (SETTINGS.text, "the cat and the dog and the cat", TWELVE):
        page.page.evaluate(f"location.hash = 'loss={loss}&word=2&stage=update&text={quote(text)}'")
        page.page.wait_for_function(
            "text => document.getElementById('sentence').textContent.trim() === text", arg=text
        )
        for size in (LAPTOP, {"width": 820, "height": 1180}, PHONE):
            page.page.set_viewport_size(size)
            page.page.wait_for_timeout(60)
            assert page.page.evaluate(ARROWS_ASTRAY) == [], (text, size)


def test_the_keyboard_reaches_everything(visit: Callable[..., Visit]) -> None:
    page = visit()
    for keys, stage, iteration in [
        ("n", "Forward", 1),
        ("w", "Forward", 2),
        ("5", "Update", 2),
        ("b", "Deltas", 2),
        ("e", "Deltas", 7),
        ("E", "Deltas", 2),
        ("W", "Deltas", 1),
        ("1", "Initial", 1),
    ]:
        page.press(keys)
        page.at(stage, iteration)
    page.press("ArrowRight", "ArrowLeft", "3")
    page.at("Error", 1)
    page.cell("h", 0).focus()
    page.press("ArrowRight", "ArrowRight", "ArrowRight")
    assert page.text("#sum").startswith("h3 = ")
    page.press("f")
    assert len(page.text("#sum .result")) > 8
    page.press("Escape")
    assert "Point at any number" in page.text("#sum")
    page.press("s")
    page.page.wait_for_selector("#settings:visible")
    page.press("Escape")
    page.page.wait_for_selector("#settings", state="hidden")
    page.press("?")
    page.page.wait_for_selector("#keys:visible")
    page.press("Escape")
    page.page.wait_for_selector("#keys", state="hidden")
    reached = set()
    for _ in range(60):
        page.press("Tab")
        reached.add(
            page.page.evaluate(
                "(at => at.id || at.closest('[data-quantity]')?.dataset.quantity)(document.activeElement)"
            )
        )
    assert {
        "open-settings",
        "open-keys",
        "forward",
        "play",
        "speed",
        "full",
        "W",
        "W_prime",
        "EI",
    } <= reached


@pytest.mark.parametrize("element", ["settings-form [name=text]", "settings-form button", "close-keys"])
def test_a_key_pressed_in_a_closed_dialog_belongs_to_the_page(
    visit: Callable[..., Visit], element: str
) -> None:
    """Right after Escape closes a dialog, the focus stays inside it until the browser draws a frame."""
    page = visit()
    page.cell("W", 0, 0).hover()
    for key in ("n", "Escape"):
        page.page.eval_on_selector(
            f"#{element}",
            "(one, key) => one.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }))",
            key,
        )
    page.at("Forward", 1)
    assert "Point at any number" in page.text("#sum")


def test_a_screen_reader_hears_the_stage_and_the_sum(visit: Callable[..., Visit]) -> None:
    page = visit("word=2&stage=error")
    assert page.text("#spoken").startswith("Error. Epoch 1, word 2: like, with i, text.")
    assert page.page.locator("#spoken").get_attribute("aria-live") == "polite"
    assert page.page.get_by_role("grid", name=re.compile("^EI, ")).count() == 1
    page.cell("EI", 2).focus()
    page.press("ArrowLeft")
    label = page.cell("EI", 1).get_attribute("aria-label")
    assert label == f"EI 2, like: {page.numbers('EI')[1]}"
    page.press("w")
    page.at("Error", 3)
    assert page.cell("EI", 1).get_attribute("aria-label") == f"EI 2, like: {page.numbers('EI')[1]}" != label
    page.press("ArrowRight", "ArrowLeft", "e")
    page.at("Error", 8)
    assert page.cell("EI", 2).get_attribute("aria-label") is None  # it was the number of another epoch
    assert page.text('[data-cell="EI 1"] text') in page.cell("EI", 1).get_attribute("aria-label")


# --- how it looks ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("loss", ["softmax", "negative", "hs"])
def test_five_words_fit_a_laptop_without_scrolling(visit: Callable[..., Visit], loss: str) -> None:
    page = visit(f"stage=update&loss={loss}")
    inside = "one => one.scrollHeight <= one.clientHeight + 1 && one.scrollWidth <= one.clientWidth + 1"
    for height in (768, 680):  # a whole screen, and what a browser's bars leave of it
        page.page.set_viewport_size({**LAPTOP, "height": height})
        page.page.wait_for_timeout(100)
        for part in ("html", "#graph"):
            assert page.page.eval_on_selector(part, inside), part
        assert smallest_number(page) >= 9.5


def test_twelve_words_are_readable(visit: Callable[..., Visit]) -> None:
    page = visit(f"text={quote(TWELVE)}&window=2&stage=update")
    assert smallest_number(page) >= 10.5
    assert page.page.eval_on_selector("#graph", "one => one.scrollWidth <= one.clientWidth + 1")


def test_a_phone_shows_it(visit: Callable[..., Visit]) -> None:
    page = visit("word=2&stage=forward", viewport=PHONE, has_touch=True)
    assert page.page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    page.cell("h", 1).tap()
    assert page.text("#sum").startswith("h2 = ")
    assert page.text("#stage-title") == "Forward"
    assert smallest_number(page) >= 11
    page.page.locator("#forward").tap()
    page.at("Error", 2)
    sizes = page.page.eval_on_selector_all(
        "nav button", "all => all.map(one => one.getBoundingClientRect().height)"
    )
    assert min(sizes) >= 30


def smallest_number(page: Visit) -> float:
    """The size of a number on the screen, in CSS pixels."""
    return float(
        page.page.evaluate(
            "(() => { const root = document.querySelector('.network');"
            " return 12.5 * root.getBoundingClientRect().width / root.viewBox.baseVal.width; })()"
        )
    )


def test_any_number_is_written_as_python_writes_it(visit: Callable[..., Visit]) -> None:
    rng = np.random.default_rng(0)
    spread = rng.standard_normal(3000) * 10.0 ** rng.uniform(-12, 25, 3000)
    between = np.arange(-400, 400) / 16  # 0.125 is as near to 0.12 as to 0.13
    edges = [0.0, -0.0, 99_999.999, 1e15, 1e16]
    values = [*spread.tolist(), *between.tolist(), *rng.standard_normal(3000).tolist(), *edges]
    write = """async (values) => {
        const { rounded, inFull } = await import("/static/numbers.js");
        return values.map((value) => [rounded(value), inFull(value)]);
    }"""
    written = visit().page.evaluate(write, values)
    assert written == [[format_number(value, 2), format_number(value, None)] for value in values]


def test_a_window_of_a_large_vocabulary_says_so(visit: Callable[..., Visit]) -> None:
    page = visit(f"text={quote(' '.join(f'word{n}' for n in range(60)))}&word=30&stage=forward")
    assert "24 of 60 words" in page.text("#notes")
    assert (
        page.page.locator("#panel").bounding_box()["x"] < 1000
    )  # the sentence takes no more than its room
    assert page.page.evaluate("document.documentElement.scrollWidth") <= LAPTOP["width"]
    page.cell("y", 29).hover()
    assert "36 more" in page.text("#sum")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_contrast_is_four_and_a_half_to_one(visit: Callable[..., Visit], scheme: str) -> None:
    page = visit("word=2&stage=deltas", color_scheme=scheme)
    passed = ":disabled, title, .unknown, .unseen, script, option"
    for pointed in [("dE_dW_prime", 1, 2), ("EI", 2)]:
        page.cell(*pointed).hover()
        assert too_low(page.page, "body *", passed) == []


def test_less_motion_is_respected(visit: Callable[..., Visit]) -> None:
    page = visit(reduced_motion="reduce")
    moves = page.page.eval_on_selector(".chart .word", "one => getComputedStyle(one).transitionDuration")
    assert moves in {"0s", ""}


def test_a_stage_is_drawn_before_the_next_frame(visit: Callable[..., Visit]) -> None:
    page = visit(f"text={quote(TWELVE)}&window=2")
    late = page.page.evaluate("""async () => {
        const late = [];
        for (const button of document.querySelectorAll('#stages button')) {
            button.click();
            await new Promise(requestAnimationFrame);
            const title = document.getElementById('stage-title').textContent;
            if (title !== button.textContent) late.push(button.textContent);
        }
        return late;
    }""")
    assert late == []


# --- without a server -------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An exported file of two epochs, with mischief in its words."""
    file = tmp_path_factory.mktemp("export") / "step.html"
    export(Stepper.of(StepSettings(text=SCRIPT)), file, epochs=2)
    return file


def test_an_exported_file_works_with_the_network_off(visit: Callable[..., Visit], exported: Path) -> None:
    steps = len(SCRIPT.split())
    page = visit(f"word={steps}&epoch=2&stage=deltas", base=exported.as_uri(), offline=True)
    page.at("Deltas", 2 * steps)
    assert page.text("#sentence").split() == SCRIPT.split()
    step = Stepper.of(StepSettings(text=SCRIPT)).step(1, steps - 1)
    assert page.numbers("dE_dW") == list(map(shown, flat(step["values"]["dE_dW"])))
    page.cell("EI", 0).hover()
    assert page.text("#sum").startswith("EI1 = (")
    page.page.wait_for_selector(".badge.agrees")
    page.press("n", "n")
    page.page.wait_for_selector("#problem:visible")
    assert "2 epochs" in page.text("#problem")
    page.page.click("#open-settings")
    assert page.page.locator("#apply-settings").is_disabled()
    assert page.page.title() == "word2vec, step by step"


def test_a_notebook_shows_the_same_in_its_frame(
    visit: Callable[..., Visit], tmp_path: Path, browser: Any
) -> None:
    file = tmp_path / "cell.html"
    file.write_text(f"<!doctype html><meta charset=utf-8>{framed(Stepper.of(SETTINGS))}", encoding="utf-8")
    page = browser.new_page(viewport={"width": 900, "height": 800})
    page.goto(file.as_uri())
    frame = page.frame_locator("iframe")
    frame.locator("#forward").click()
    frame.locator("#stage-title", has_text="Forward").wait_for()
    page.close()
