// Buttons, keys, playing and jumping. All of them go to addresses that the step itself lists.

import { byId, keyTarget } from "./dom.js";

const STOPS = { "back": "back", "forward": "forward", "previous-word": "previous_word", "next-word": "next_word",
  "previous-epoch": "previous_epoch", "next-epoch": "next_epoch" };

const KEYS = {
  "ArrowRight": "forward", "n": "forward", "ArrowLeft": "back", "b": "back", "w": "next-word", "W": "previous-word",
  "e": "next-epoch", "E": "previous-epoch", " ": "play", "p": "play", "f": "full", "s": "open-settings", "?": "open-keys",
  "j": "jump-to",
};

/** The controls; `links` returns the addresses to go to, `go` goes there and resolves on arrival. */
export function createControls({ links, go, stage }) {
  const play = byId("play");
  const speed = byId("speed");
  const controls = { playing: false };
  let round = 0;

  for (const [id, name] of Object.entries(STOPS)) {
    byId(id).addEventListener("click", () => {
      controls.stop();
      if (links()[name]) go(links()[name]);
    });
  }
  byId("stages").addEventListener("click", (event) => {
    const chosen = event.target.closest("button");
    if (!chosen) return;
    controls.stop();
    stage(Number(chosen.dataset.stage));
  });
  play.addEventListener("click", () => (controls.playing ? controls.stop() : start()));
  byId("jump").addEventListener("submit", (event) => {
    event.preventDefault();
    controls.stop();
    controls.jump(byId("jump-epoch").valueAsNumber, byId("jump-word").valueAsNumber);
  });
  byId("open-keys").addEventListener("click", () => byId("keys").showModal());
  byId("close-keys").addEventListener("click", () => byId("keys").close());
  document.addEventListener("keydown", pressed);

  function pressed(event) {
    const target = keyTarget(event);
    const typing = target.closest?.("input, textarea, select, dialog");
    if (typing || event.altKey || event.ctrlKey || event.metaKey || event.defaultPrevented) return;
    if (event.key === " " && target.closest?.("button, summary")) return;
    if (event.key >= "1" && event.key <= "5") stage(Number(event.key) - 1);
    const id = KEYS[event.key];
    if (!id) return;
    event.preventDefault();
    if (id === "jump-to") byId("jump-epoch").select();
    else if (!byId(id).disabled) byId(id).click();
  }

  async function start() {
    controls.playing = true;
    shown();
    const mine = ++round; // after play, pause and play again within one delay, only the last loop goes on
    while (controls.playing && mine === round) {
      const [unit, rest] = speed.value.split(" ");
      const next = links()[unit];
      if (!next) break;
      const began = performance.now();
      await go(unit === "forward" ? next : { ...next, stage: 4 });
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, Number(rest) - (performance.now() - began))));
    }
    if (mine === round) controls.stop();
  }

  controls.stop = () => {
    if (controls.playing) {
      controls.playing = false;
      shown();
    }
  };

  function shown() {
    document.body.classList.toggle("playing", controls.playing);
    play.setAttribute("aria-label", controls.playing ? "Pause" : "Play");
    play.title = controls.playing ? "Pause (space)" : "Play (space)";
  }

  /** What can be reached from here. */
  controls.draw = (session, step, now) => {
    const reach = step.stages[now];
    for (const [id, name] of Object.entries(STOPS)) byId(id).disabled = !reach[name];
    for (const button of byId("stages").querySelectorAll("button")) {
      const own = Number(button.dataset.stage);
      button.classList.toggle("done", own < now);
      if (own === now) button.setAttribute("aria-current", "step");
      else button.removeAttribute("aria-current");
    }
    const [epoch, word] = [byId("jump-epoch"), byId("jump-word")];
    if (document.activeElement !== epoch) epoch.value = step.epoch + 1;
    if (document.activeElement !== word) word.value = step.word + 1;
    word.max = step.steps_per_epoch;
  };
  return controls;
}
