// Judges how a cluster is doing, by the thresholds of app/monitoring/alerts.yaml.

import { histogramQuantile } from "./figures.js";
import { count, toAge, toCount, toPercent, toTimeOfDay } from "./format.js";

const SHARE_LOST = 0.01;
const SHARE_FULL = 0.9;
const LATE = 0.1;
// The time within which the other nodes should be able to take the sessions of one, in seconds.
const TAKEOVER = 30;

const listOf = names => names.length > 1
  ? `${names.slice(0, -1).join(", ")} and ${names.at(-1)}` : names.join("");
const valuesOf = (nodes, name) => nodes.map(({ now }) => now[name] ?? 0);
const verbFor = (nodes, one, many) => nodes.length > 1 ? many : one;
const sumOf = values => values.reduce((sum, value) => sum + value, 0);
const growthOf = (node, name) => node.grown?.[name] ?? 0;
const duration = ({ link, time }) => link.since === null ? "" : ` for ${toAge(time - link.since)}`;

// A node that has the name of another one is not ready, as if Redis were away.
const isRivaled = ({ name, reason }) =>
  name === "bus_away" && reason.includes("another node is called");

// Returns a rule that names the nodes in a state, or those for which a condition holds.
const rule = (level, code, holds, text) => ({ level, code, text: ({ nodes }) => {
  const found = nodes.filter(holds);
  return found.length ? text(listOf(found.map(({ name }) => name)), found) : "";
} });
const when = holds => node => node.state === "here" && holds(node);
const grew = name => when(node => growthOf(node, name) > 0);

const limitsOf = node => Object.keys(node.grown ?? {})
  .filter(name => name.startsWith("over_") && growthOf(node, name) > 0)
  .map(name => `--${name.slice(5).replaceAll("_", "-")}`);

function judgeUnknownPushes({ nodes }) {
  const pushes = sumOf(nodes.flatMap(({ grown }) => Object.keys(grown ?? {})
    .filter(name => name.startsWith("answers_")).map(name => grown[name])));
  const unknown = sumOf(nodes.map(node => growthOf(node, "answers_504")));
  return unknown > SHARE_LOST * pushes
    ? `${toPercent(unknown / pushes)} of pushes answer 504: whether they arrived is not known` : "";
}

function judgeHeadroom({ nodes }) {
  const here = nodes.filter(({ state, now }) => state === "here" && now.headroom !== undefined);
  if (here.length < 2) return "";
  const headroom = valuesOf(here, "headroom");
  const sessions = Math.max(...valuesOf(here, "sessions"));
  return (sumOf(headroom) - Math.max(...headroom)) * TAKEOVER < sessions
    ? "The other nodes could not take the sessions of the largest one within 30 s: "
      + "it is time for another node" : "";
}

// The codes are those of docs/reference/codes.md.
const RULES = [
  { level: "bad", code: "WB-108", text: state => state.link.name === "unreachable"
    ? `${state.node || "The node"} has not answered${duration(state)}` : "" },
  { level: "bad", code: "WB-208", text: ({ node, link }) => isRivaled(link)
    ? `Another node is called ${node}, too: pushes through this one answer 503` : "" },
  { level: "bad", code: "WB-201", text: state => state.link.name === "bus_away" && !isRivaled(state.link)
    ? `Redis away${duration(state)}: pushes answer 503, sessions stay` : "" },
  rule("bad", "WB-209", ({ state }) => state === "silent", (names, silent) =>
    `${names} ${verbFor(silent, "does", "do")} not answer: live pushes to clients there are lost`),
  rule("bad", "WB-204", when(({ now }) => now.servers_away > 0), names =>
    `${names} cannot use all Redis servers: pushes to addresses of the others answer 503`),
  rule("warn", "WB-108", ({ state }) => state === "gone", (names, gone) => {
    const since = Math.min(...gone.map(node => node.since));
    return `${names} ${verbFor(gone, "has", "have")} been gone since ${toTimeOfDay(since)}`;
  }),
  { level: "warn", code: "WB-306", text: ({ node, link }) => link.name === "stopping"
    ? `${node} is stopping: its clients go to other nodes` : "" },
  { level: "warn", code: "WB-205", text: ({ link }) => link.name === "ready" && link.reason
    ? `Redis cannot store pushes: ${link.reason}` : "" },
  rule("warn", "WB-208", grew("name_clashes"), names =>
    `Another node has the name of ${names}: pushes through both answer 504 though they arrive`),
  { level: "warn", code: "WB-602", text: judgeUnknownPushes },
  rule("warn", "WB-603", grew("answers_507"), names =>
    `${names} refused pushes because the mailbox of their id is full`),
  rule("warn", "WB-309", when(node =>
    growthOf(node, "dropped_frames") > SHARE_LOST * growthOf(node, "deliveries")), names =>
    `More than one frame in a hundred is dropped on ${names}: clients read too slowly`),
  rule("warn", "WB-304", when(({ now }) =>
    now.sessions > SHARE_FULL * now.max_sessions), (names, full) =>
    `${names} ${verbFor(full, "is", "are")} almost full: it is time for another node`),
  { level: "warn", code: "WB-308", text: judgeHeadroom },
  rule("warn", "WB-307", when(node => limitsOf(node).length), (names, found) =>
    `${names} refused something because of ${listOf([...new Set(found.flatMap(limitsOf))])}`),
  rule("warn", "WB-107", when(({ grown }) =>
    histogramQuantile(0.9, "lag", grown ?? {}) > LATE), names =>
    `An event loop of ${names} is late by more than 0.1 s`),
  rule("warn", "WB-211", grew("bad_messages"), () =>
    "Somebody publishes what cannot be understood: see the stream waybill:dead"),
];

function praise({ link, nodes }) {
  if (link.name !== "ready") return { level: "", code: "", text: "Asking the node…" };
  if (!nodes.length) return { level: "", code: "", text: "This node is ready; figures are not known" };
  const sessions = sumOf(valuesOf(nodes, "sessions"));
  const capacity = sumOf(valuesOf(nodes, "max_sessions"));
  const parts = ["All is well:", `${count(nodes.length, "node")},`, toCount(sessions),
                 sessions === 1 ? "session" : "sessions", capacity ? `of ${toCount(capacity)}` : ""];
  return { level: "good", code: "", text: parts.join(" ").trim() };
}

// Returns findings `{level, code, text}`, the worst first; the first one is the verdict. Its
// level is "good", "warn", "bad", or empty if too little is known.
//
// A state is `{node, link, nodes, time}`: the name of the node that is asked; how it is, `{name,
// since, reason}` with a name of /readyz or "unreachable" or "unknown", since null if that is not
// known, and the reason why it is not ready or lacks a function; the nodes of the cluster, `{name,
// state, since, now, grown}` with a state of "here", "silent" or "gone", their figures, and by how
// much these grew in the last 5 min; and the time. Times are in seconds since 1970.
export function judge(state) {
  const findings = RULES.map(({ level, code, text }) => ({ level, code, text: text(state) }))
    .filter(({ text }) => text);
  return findings.length ? findings : [praise(state)];
}
