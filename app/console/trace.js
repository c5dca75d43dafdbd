// Shows the last pushes to an id, hop by hop, and what became of its sessions.

import { ask, count, explain, explainError, find, make, makeTime, say, segment } from "./common.js";
import { toBytes, toTime } from "./format.js";
import { toLink } from "./link.js";

// More would be hard to read. All nodes together remember more only of a busy id.
const MOST_ENTRIES = 50;

const note = find("#trace-note");
const box = find("#trace");
const list = find("#trace ol");

// The id that is shown.
let shown = "";

const DETAILS = {
  taken: ({ bytes, receipt }) => `${toBytes(bytes)}, receipt ${receipt}`,
  delivered: ({ sessions }) => `to ${count(sessions, "session")}`,
  written: ({ peer }) => peer,
  received: ({ peer }) => peer,
  dropped: ({ peer }) => peer,
  answered: ({ status }) => `${status}`,
  joined: ({ peer }) => peer,
  forgotten: ({ peer }) => `${peer} remembers nothing older`,
  left: ({ peer, why }) => `${peer}: ${why}`,
};

const stateOf = ({ hop, status }) =>
  hop === "dropped" || status >= 400 ? "bad" : hop === "received" || status === 200 ? "good" : "";

// What a hop, or an event, says besides its time. The spaces are for those who copy it.
function describe(hop) {
  const name = make("span", hop.hop, "hop");
  name.dataset.state = stateOf(hop);
  return [" ", name, " ", make("span", hop.node, "node"), " ",
          make("span", DETAILS[hop.hop]?.(hop) ?? "", "detail")];
}

// Draws when the time of a hop was, from the one before to its own.
function makeBar(from, to, whole) {
  const bar = make("span", "", "bar");
  bar.ariaHidden = "true";
  bar.style.setProperty("--from", whole ? from / whole : 0);
  bar.style.setProperty("--to", whole ? to / whole : 0);
  return bar;
}

function makeHop(hop, i, hops) {
  const entry = make("li");
  entry.append(make("span", `+${toTime(hop.after / 1e6)}`, "after"), ...describe(hop),
               makeBar(hops[i - 1]?.after ?? 0, hop.after, hops.at(-1).after));
  return entry;
}

function makeName(push) {
  const name = make("code", push ?? "a push without a name");
  if (!push) return name;
  const link = make("a");
  link.href = toLink({ push, id: shown });
  link.append(name);
  return link;
}

function makePush({ push, at, hops }) {
  const entry = make("li", "", "push");
  const steps = make("ol");
  steps.append(...hops.map(makeHop));
  entry.append(makeTime(at), " ", makeName(push), steps);
  return entry;
}

function makeEvent(event) {
  const entry = make("li", "", "event");
  entry.append(makeTime(event.at), ...describe(event));
  return entry;
}

// Shows which entry is that of a push.
function mark(push) {
  const link = toLink({ push, id: shown });
  const entry = [...list.querySelectorAll("a")].find(({ hash }) => hash === link)?.closest("li");
  if (!entry) return say(note, `The push ${push} is not remembered.`, "bad");
  entry.ariaCurrent = "true";
  entry.scrollIntoView({ block: "nearest" });
}

function show(id, { pushes, sessions, unknown }) {
  // As texts, since a Date has no microseconds.
  const all = [...pushes, ...sessions].sort((x, y) => x.at < y.at ? 1 : x.at > y.at ? -1 : 0);
  const last = all.slice(0, MOST_ENTRIES);
  box.hidden = !all.length;
  find("#trace-title").textContent = last.length < all.length
    ? `Trace of ${id}: the last ${last.length} of ${all.length}, newest first`
    : `Trace of ${id}, newest first`;
  list.replaceChildren(...last.map(each => each.hops ? makePush(each) : makeEvent(each)));
  box.scrollTop = 0;
  const silent = unknown ? `${count(unknown, "node")} did not answer.` : "";
  say(note, all.length ? silent : `Nothing is remembered of this id. ${silent}`.trim(),
      unknown ? "bad" : "");
}

export function clear() {
  shown = "";
  box.hidden = true;
  say(note, "");
}

// Shows the trace of an id, and in there a push if one is named.
export async function look(id, push) {
  if (id !== shown) clear();
  shown = id;
  try {
    const answer = await ask("GET", `trace/${segment(id)}?wait=2s`);
    if (shown !== id) return;
    if (answer.status === 200) {
      show(id, answer.json);
      if (push) mark(push);
      return;
    }
    clear();
    say(note, explain(answer), "bad");
  } catch (error) {
    clear();
    say(note, explainError(error), "bad");
  }
}
