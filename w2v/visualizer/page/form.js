// The settings: a form that asks the server for another session, and shows what is wrong with the settings.

import { asNumber } from "./address.js";
import { byId } from "./dom.js";

const NUMBERS = ["window", "vector_size", "alpha", "seed", "negative"];

export function createForm({ change, offline }) {
  const dialog = byId("settings");
  const form = byId("settings-form");
  const problem = byId("settings-problem");
  const fields = form.elements;
  byId("open-settings").addEventListener("click", () => dialog.showModal());
  byId("close-settings").addEventListener("click", () => dialog.close());
  fields.loss.addEventListener("change", () => asks());
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    say(null);
    try {
      await change(read());
      dialog.close();
    } catch (refused) {
      say(refused);
    }
  });
  if (offline) {
    byId("settings-offline").hidden = false;
    for (const field of fields) field.disabled = field.id !== "close-settings";
  }

  function read() {
    const settings = { text: fields.text.value, loss: fields.loss.value };
    for (const name of NUMBERS) {
      if (name !== "negative" || settings.loss === "negative") settings[name] = asNumber(fields[name].value.trim());
    }
    return settings;
  }

  function say(refused) {
    problem.textContent = refused ? refused.message : "";
    problem.hidden = !refused;
    for (const field of fields) field.removeAttribute("aria-invalid");
    const field = refused?.field && fields[refused.field];
    if (field) {
      field.setAttribute("aria-invalid", "true");
      field.focus();
    }
  }

  function asks() {
    byId("negative-field").hidden = fields.loss.value !== "negative";
  }

  return {
    /** Show the settings of a session. */
    fill(settings) {
      for (const [name, value] of Object.entries(settings)) if (fields[name]) fields[name].value = value;
      asks();
      say(null);
    },
    /** What is wrong with settings that came from the address. */
    complain(refused, settings) {
      this.fill({ ...settings });
      if (!dialog.open) dialog.showModal();
      say(refused);
    },
  };
}
