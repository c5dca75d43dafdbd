// Tells, line by line, all that a user of app/js/waybill.js sees.
import { Waybill } from "../../app/js/waybill.js";

async function fetchToken(url) {
  const token = await (await fetch(url)).text();
  if (!token) throw new Error("no token today");
  return token;
}

export function follow(tell, base, id, { tokens, ...options }) {
  const token = tokens && (() => fetchToken(tokens));
  const waybill = new Waybill(base, id, { minDelay: 10, maxDelay: 200, token, ...options });
  const text = data => typeof data === "string" ? data : `bytes ${new Uint8Array(data)}`;
  waybill.addEventListener("state", () => tell(waybill.state));
  waybill.addEventListener("open", ({ greeting }) => tell(`greeting: ${greeting}`));
  waybill.addEventListener("message", ({ data }) => tell(`message: ${text(data)}`));
  waybill.addEventListener("close", ({ code, reason, again }) =>
    tell(`end: ${code} ${again ? "for now" : "for good"} (${reason})`));
  return waybill;
}
