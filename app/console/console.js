// The console of a node: see docs/guide/console.md.

import { find, key, say, setKey } from "./common.js";
import * as client from "./client.js";
import * as cluster from "./cluster.js";
import * as events from "./events.js";
import * as history from "./history.js";
import * as largest from "./largest.js";
import { fromLink } from "./link.js";
import * as live from "./live.js";
import * as mailbox from "./mailbox.js";
import * as push from "./push.js";
import * as sessions from "./sessions.js";
import * as strip from "./strip.js";

function useKey(event) {
  event.preventDefault();
  try {
    setKey(find("#key").value.trim());
    say(find("#key-note"), key() ? "Kept in this tab only." : "No key is used.");
  } catch (error) {
    say(find("#key-note"), error.message, "bad");
  }
}

// Makes room for a key that figures need.
document.addEventListener("refused", () => find("#key-details").open = true);

function onKeydown(event) {
  const writes = event.target.closest?.("input, textarea, select, dialog");
  if (event.key !== "/" || writes || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  find("#find-id").focus();
  find("#find-id").select();
}

// Shows what the address of the page names.
function follow() {
  const { id, push: name } = fromLink();
  if (id) sessions.open(id, name);
}

find("#key").value = key();
find("#key-form").addEventListener("submit", useKey);
document.addEventListener("keydown", onKeydown);
addEventListener("hashchange", follow);
document.addEventListener("key", follow);
for (const part of [events, sessions, mailbox, push, client, history, cluster, largest, live, strip]) part.start();
follow();
