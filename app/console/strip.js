// Shows the verdict on the cluster, each second.

import * as cluster from "./cluster.js";
import { find, make, say, seconds } from "./common.js";
import { outageStart } from "./events.js";
import * as live from "./live.js";
import { judge } from "./verdict.js";

const PERIOD = 1000;

// The findings that were read aloud last.
let announced = "";

function makeFinding({ level, code, text }) {
  const item = make("li", `${text} `);
  item.dataset.state = level;
  item.append(make("code", code));
  return item;
}

function show(findings) {
  const [{ level, code, text }, ...others] = findings;
  find("#verdict").dataset.state = level;
  say(find("#verdict-text"), text, level);
  find("#verdict code").textContent = code;
  find("#verdict-more").replaceChildren(...others.map(makeFinding));
  // Not each second of an outage is news.
  const news = findings.map(finding => finding.level + finding.code).join();
  if (news === announced) return;
  announced = news;
  find("#verdict-news").textContent = findings.map(finding => finding.text).join(". ");
}

function update() {
  const { name, reason, since } = live.link;
  show(judge({ node: live.node, nodes: cluster.nodes, time: seconds(),
               link: { name, reason, since: since ?? (name === "bus_away" ? outageStart() : null) } }));
}

export function start() {
  update();
  setInterval(update, PERIOD);
}
