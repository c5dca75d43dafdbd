// The verdict of the console on states of a cluster: node --test verdict.test.mjs
import assert from "node:assert";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { judge } from "../../app/console/verdict.js";

const NOON = new Date(2026, 10, 28, 12).getTime() / 1000;

const node = (name, fields) => ({
  name, state: "here", since: null, now: { sessions: 1700, max_sessions: 10000, headroom: 2000 },
  grown: null, ...fields });

const calm = () => ({ node: "node1", time: NOON, link: { name: "ready", since: null, reason: "" },
                      nodes: [node("node1"), node("node2"), node("node3")] });

/** Returns the findings on a calm cluster, of which a node has other figures or growth. */
const judgeNode = (fields, more = {}) => {
  const state = calm();
  state.nodes[1] = { ...state.nodes[1], ...fields, now: { ...state.nodes[1].now, ...fields.now } };
  return judge({ ...state, ...more });
};

/** Checks the first finding. */
function assertVerdict(findings, level, text) {
  assert.deepStrictEqual([findings[0].level, findings[0].text], [level, text]);
}

test("a calm cluster is told with its sessions and capacity", () => {
  assertVerdict(judge(calm()), "good", "All is well: 3 nodes, 5,100 sessions of 30,000");
  assertVerdict(judge({ ...calm(), nodes: [node("n", { now: { sessions: 1 } })] }),
                "good", "All is well: 1 node, 1 session");
});

test("nothing is judged before the node has answered, or without its figures", () => {
  const unknown = { name: "unknown", since: null, reason: "" };
  assertVerdict(judge({ ...calm(), nodes: [], link: unknown }), "", "Asking the node…");
  assertVerdict(judge({ ...calm(), nodes: [] }), "", "This node is ready; figures are not known");
});

test("an outage is told with its duration, if that is known", () => {
  const link = { name: "bus_away", since: NOON - 12, reason: "" };
  assertVerdict(judge({ ...calm(), nodes: [], link }), "bad",
                "Redis away for 12 s: pushes answer 503, sessions stay");
  assertVerdict(judge({ ...calm(), link: { ...link, since: null } }), "bad",
                "Redis away: pushes answer 503, sessions stay");
  assertVerdict(judge({ ...calm(), link: { ...link, name: "unreachable", since: NOON - 90 } }), "bad",
                "node1 has not answered for 1 min 30 s");
  assertVerdict(judge({ ...calm(), link: { ...link, name: "stopping" } }), "warn",
                "node1 is stopping: its clients go to other nodes");
  assertVerdict(judge({ ...calm(), link: { ...link, name: "ready", reason: "OOM command" } }),
                "warn", "Redis cannot store pushes: OOM command");
  const reason = 'another node is called "node1", too';
  assertVerdict(judge({ ...calm(), nodes: [], link: { ...link, reason } }), "bad",
                "Another node is called node1, too: pushes through this one answer 503");
});

test("nodes that are gone or silent are told by name", () => {
  const gone = { state: "gone", since: NOON - 60, now: {} };
  assertVerdict(judgeNode(gone), "warn", "node2 has been gone since 11:59");
  assertVerdict(judgeNode({ state: "silent", now: {} }), "bad",
                "node2 does not answer: live pushes to clients there are lost");
  const findings = judge({ ...calm(), nodes: [
    node("node1"), node("node2", gone), node("node3", { ...gone, since: NOON - 3600 })] });
  assertVerdict(findings, "warn", "node2 and node3 have been gone since 11:00");
});

test("the worst finding comes first, and the others after it", () => {
  const findings = judgeNode({ grown: { answers_507: 1 } }, {
    link: { name: "bus_away", since: null, reason: "" } });
  assert.deepStrictEqual(findings.map(({ level, code }) => [level, code]),
                         [["bad", "WB-201"], ["warn", "WB-603"]]);
});

const THRESHOLDS = {
  "WB-204": [{ now: { servers_away: 0 } }, { now: { servers_away: 1 } }],
  "WB-208": [{ grown: { name_clashes: 0 } }, { grown: { name_clashes: 1 } }],
  "WB-602": [{ grown: { answers_200: 99, answers_504: 1 } },
                         { grown: { answers_200: 98, answers_504: 2 } }],
  "WB-603": [{ grown: { answers_507: 0 } }, { grown: { answers_507: 1 } }],
  "WB-309": [{ grown: { dropped_frames: 1, deliveries: 100 } },
                       { grown: { dropped_frames: 2, deliveries: 100 } }],
  "WB-304": [{ now: { sessions: 9000 } }, { now: { sessions: 9001 } }],
  "WB-308": [{ now: { sessions: 63000, headroom: 100, max_sessions: 1e5 } },
                          { now: { sessions: 63001, headroom: 100, max_sessions: 1e5 } }],
  "WB-307": [{ grown: { over_max_push_rate: 0 } }, { grown: { over_max_push_rate: 1 } }],
  "WB-107": [{ grown: { lag_count: 10, lag_in_100ms: 9, lag_in_200ms: 1 } },
                    { grown: { lag_count: 10, lag_in_100ms: 8, lag_in_200ms: 2 } }],
  "WB-211": [{ grown: { bad_messages: 0 } }, { grown: { bad_messages: 1 } }],
};

for (const [code, [calmFields, fields]] of Object.entries(THRESHOLDS))
  test(`${code} has the threshold of the alert`, () => {
    assert.deepStrictEqual(judgeNode(calmFields).map(finding => finding.code), [""]);
    assert.deepStrictEqual(judgeNode(fields).map(finding => finding.code), [code]);
  });

test("limits are told by their options", () => {
  assertVerdict(judgeNode({ grown: { over_max_push_rate: 3, over_max_sessions_per_id: 1 } }), "warn",
                "node2 refused something because of --max-push-rate and --max-sessions-per-id");
});

test("each alert for Prometheus is a rule of the console", () => {
  const yaml = readFileSync(new URL("../../app/monitoring/alerts.yaml", import.meta.url), "utf8");
  const codes = [...yaml.matchAll(/code: (WB-\d+)/g)].map(([, code]) => code);
  assert.deepStrictEqual(codes.sort(), [...Object.keys(THRESHOLDS), "WB-108", "WB-201"].sort());
});
