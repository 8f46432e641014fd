// The source of the numbers: the server, or the file itself.

import { byId } from "./dom.js";

const KEPT = 240;

/** The data inlined in the page if it is an exported file, else the server's. */
export function createSource() {
  const inlined = byId("inlined");
  return inlined ? new Inlined(JSON.parse(inlined.textContent)) : new Server();
}

/** An error answer: what is wrong, and with which setting. */
export class Refused extends Error {
  constructor(message, field, status) {
    super(message);
    this.field = field;
    this.status = status;
  }
}

class Server {
  constructor() {
    this.offline = false;
    this.kept = new Map();
  }

  async defaults() {
    this.settings ??= ask("api/defaults");
    return (await this.settings).settings;
  }

  open(settings) {
    return ask("api/session", settings);
  }

  /** From now on the steps are those of this session. */
  use(session) {
    this.session = session;
    this.kept.clear();
  }

  step(epoch, word) {
    return this.once("step", epoch, word);
  }

  badge(epoch, word) {
    return this.once("badge", epoch, word);
  }

  /** Report the verdicts as they arrive, until all labels are verified. */
  async verdicts(tell) {
    for (;;) {
      const verdicts = await ask("api/verdicts");
      tell(verdicts.labels);
      if (verdicts.done) return;
      await new Promise((resolve) => setTimeout(resolve, 2000));
    }
  }

  /** An answer, requested once and then kept, as long as it is among those used last. */
  once(what, epoch, word) {
    const session = this.session;
    const key = `${what} ${session.id} ${epoch} ${word}`;
    const found = this.kept.get(key) ?? this.asked(what, session, epoch, word);
    this.kept.delete(key);
    this.kept.set(key, found);
    found.catch(() => this.kept.delete(key));
    if (this.kept.size > KEPT) this.kept.delete(this.kept.keys().next().value);
    return found;
  }

  async asked(what, session, epoch, word) {
    const path = `api/${what}?session=${session.id}&epoch=${epoch}&word=${word}`;
    try {
      return await ask(path);
    } catch (problem) {
      if (problem.status !== 410) throw problem;
      await ask("api/session", session.settings); // the server was restarted, or has dropped the session
      return ask(path);
    }
  }
}

async function ask(path, body = null) {
  const post = { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  let answer;
  try {
    answer = await fetch(path, body ? post : {});
  } catch {
    throw new Refused("The server does not answer: start `w2v visualize` again.", null, 0);
  }
  const data = await answer.json().catch(() => ({ error: `${path}: ${answer.status}` }));
  if (!answer.ok) throw new Refused(data.error, data.field ?? null, answer.status);
  return data;
}

class Inlined {
  constructor(data) {
    this.offline = true;
    this.data = data;
    this.epochs = data.epochs;
  }

  async defaults() {
    return this.data.settings;
  }

  async open() {
    return this.data.session;
  }

  use(session) {
    this.session = session;
  }

  async step(epoch, word) {
    const step = this.data.steps[epoch * this.session.steps_per_epoch + word];
    const held = `${this.epochs} ${this.epochs === 1 ? "epoch" : "epochs"}`;
    if (!step) throw new Refused(`This file holds ${held}; \`w2v visualize\` goes on.`, null, 404);
    return step;
  }

  async badge(epoch, word) {
    return (await this.step(epoch, word)).badge ?? null;
  }

  async verdicts(tell) {
    tell(this.data.verdicts.labels ?? this.data.verdicts);
  }
}
