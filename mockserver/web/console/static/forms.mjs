// Buttons that copy, forms that are sent without leaving the page, and fields that only some choices need.

import { put } from "./refresh.mjs";
import { synchronize } from "./time.mjs";

const SHOWN = 1500; // milliseconds

async function copy(button) {
  const source = document.getElementById(button.dataset.copy);
  const words = button.textContent;
  try {
    await navigator.clipboard.writeText(source.textContent);
    button.textContent = "Copied";
  } catch {
    getSelection().selectAllChildren(source); // for pages without clipboard access, because they are neither https nor local
    button.textContent = "Selected";
  }
  setTimeout(() => (button.textContent = words), SHOWN);
}

async function send(form, submitter) {
  const body = new URLSearchParams(new FormData(form, submitter));
  try {
    const answer = await fetch(form.action, { method: "POST", body });
    const text = await answer.text();
    if (new URL(answer.url).pathname.endsWith("/login")) return location.reload();
    const page = put(text, true);
    const face = page.getElementById("face");
    if (face) synchronize({ now: Number(face.dataset.now), mode: face.dataset.mode });
    for (const details of form.closest("details")?.matches("[open]") && answer.ok ? [form.closest("details")] : []) details.open = false;
  } catch {
    const note = Object.assign(document.createElement("p"), { className: "note bad", textContent: "The server did not answer." });
    document.getElementById("flash").replaceChildren(note);
  }
}

function fitFields(form) {
  const kind = form.elements.kind.value;
  for (const field of form.querySelectorAll("[data-for]")) field.hidden = field.dataset.for !== kind;
}

export function prepareForms() {
  for (const button of document.querySelectorAll("[data-copy]")) button.hidden = false;
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-copy]");
    if (button) copy(button);
  });
  document.addEventListener("submit", (event) => {
    if (!event.target.matches("[data-quiet]")) return;
    event.preventDefault();
    send(event.target, event.submitter);
  });
  const faults = document.querySelector(".fault-form");
  if (faults) {
    fitFields(faults);
    faults.addEventListener("change", () => fitFields(faults));
  }
  const url = new URL(location.href);
  if (url.searchParams.has("done")) {
    url.searchParams.delete("done"); // a reload must not repeat the message
    history.replaceState(null, "", url);
  }
}
