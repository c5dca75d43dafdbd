// Links to what this page shows: #id=456, and #push=NAME&id=456 for a push of its trace.

export const toLink = fields => `#${new URLSearchParams(fields)}`;

// Returns `{id, push}` of the address of this page, as far as it has them.
export const fromLink = () => Object.fromEntries(new URLSearchParams(location.hash.slice(1)));

// Has a button copy a link, and put it into the address bar; null hides it.
export function offer(button, fields) {
  button.hidden = !fields;
  button.textContent = "Copy link";
  button.onclick = async () => {
    history.replaceState(null, "", toLink(fields));
    // Browsers have a clipboard for pages from this machine or by HTTPS only.
    const copied = await navigator.clipboard?.writeText(location.href).then(() => true, () => false);
    button.textContent = copied ? "Link copied" : "Link is in the address bar";
  };
}
