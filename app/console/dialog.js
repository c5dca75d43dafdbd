// Asks before something is done that cannot be undone.

import { find } from "./common.js";

const dialog = find("#dialog");

// Takes the answer to the question that is shown.
let answer = null;

dialog.addEventListener("close", () => {
  // That the dialog was closed may be told when it is open again.
  if (dialog.open) return;
  answer?.(dialog.returnValue === "yes");
  answer = null;
});

// Shows a question, and returns whether the action was chosen.
export function confirm(question, note, action) {
  answer?.(false);
  find("#question").textContent = question;
  find("#dialog .note").textContent = note;
  find("#dialog .danger").textContent = action;
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise(resolve => answer = resolve);
}
