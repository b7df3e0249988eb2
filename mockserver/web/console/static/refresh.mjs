// Updates the live parts of a page from its own address.

const BREAK = 400; // the least milliseconds between two updates; more if the server is slow

let wanted = false;
let busy = false;

export async function refresh() {
  wanted = true;
  if (busy) return;
  busy = true;
  while (wanted) {
    wanted = false;
    const begun = performance.now();
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
      if (answer.ok && !answer.redirected) put(await answer.text());
    } catch {
      // the server is away for a moment; the stream's status says so
    }
    const took = performance.now() - begun;
    await new Promise((resolve) => setTimeout(resolve, Math.max(BREAK, 2 * took)));
  }
  busy = false;
}

// Replaces the live parts by those of a page's text, and the message too if `message` is set.
export function put(text, message = false) {
  const page = new DOMParser().parseFromString(text, "text/html");
  for (const old of document.querySelectorAll("[data-live]")) {
    const fresh = page.getElementById(old.id);
    if (fresh && fresh.outerHTML !== old.dataset.shown) replace(old, fresh);
  }
  const flash = page.getElementById("flash");
  if (message && flash) document.getElementById("flash").replaceChildren(...flash.childNodes);
  return page;
}

function replace(old, fresh) {
  const focused = old.contains(document.activeElement) ? document.activeElement : null;
  for (const details of old.querySelectorAll("details[open][id]")) fresh.querySelector(`#${details.id}`)?.setAttribute("open", "");
  const shown = fresh.outerHTML;
  old.replaceWith(fresh);
  fresh.dataset.shown = shown;
  for (const button of fresh.querySelectorAll("[data-copy]")) button.hidden = false;
  if (focused) refocus(focused, fresh);
}

// The same element if it is still there, else one of the same kind, else the part itself.
function refocus(focused, fresh) {
  const same = focused.id && document.getElementById(focused.id);
  const address = focused.getAttribute("href");
  const like = same || (address && fresh.querySelector(`a[href="${CSS.escape(address)}"]`)) || fresh.querySelector(focused.localName);
  if (!like) fresh.tabIndex = -1;
  (like || fresh).focus({ preventScroll: true });
}
