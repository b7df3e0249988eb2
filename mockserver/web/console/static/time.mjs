// Times by the organisation's clock, which may be frozen, or jump.

const still = matchMedia("(prefers-reduced-motion: reduce)");
const STEP = 100; // milliseconds between two updates
const CALM = 1000;

let at = 0; // seconds since the epoch in the last event
let told = 0; // this machine's own clock at that event
let running = false;
let known = false;

export const now = () => (running ? at + (performance.now() - told) / 1000 : at);

export function synchronize({ now: seconds, mode }) {
  if (seconds === undefined) return;
  [at, told, running, known] = [seconds, performance.now(), mode === "running", true];
  show();
}

const UNITS = [["min", 60, "s", 1, 7200], ["h", 3600, "min", 60, 172800], ["d", 86400, "h", 3600, Infinity]];

// A duration in the server's format, in whole seconds except for the last ten.
export function span(seconds) {
  const left = Math.max(0, seconds);
  if (left < 120) return `${left < 10 ? left.toFixed(1) : Math.floor(left)} s`;
  const [unit, size, smaller, part] = UNITS.find(([, , , , limit]) => left < limit);
  const rest = Math.floor((left % size) / part);
  return `${Math.floor(left / size)} ${unit}${rest > 0 ? ` ${rest} ${smaller}` : ""}`;
}

// How long ago something was, with one unit only.
const since = (seconds) => span(seconds).replace(/\.\d/, "").split(" ", 2).join(" ");

const write = (element, text) => {
  if (element.textContent !== text) element.textContent = text;
};

function showFace(moment) {
  const time = document.getElementById("now");
  if (!time) return;
  const iso = new Date(moment * 1000).toISOString();
  write(time.querySelector(".day"), iso.slice(0, 10));
  write(time.querySelector(".hour"), iso.slice(11, 19));
}

function showSession(holder, moment) {
  const { created, active, idle, expires } = Object.fromEntries(
    Object.entries(holder.dataset).map(([name, value]) => [name, Number(value)]),
  );
  const spans = { idle: [idle - moment, idle - active], ttl: [expires - moment, expires - created] };
  for (const [kind, [left, whole]] of Object.entries(spans)) {
    const part = Math.min(Math.max(left / whole, 0), 1) * 100;
    holder.querySelector(`[data-left="${kind}"]`)?.setAttribute("width", part.toFixed(2));
    const words = holder.querySelector(`[data-words="${kind}"]`);
    if (words) write(words, span(left));
  }
  return moment >= Math.min(idle, expires);
}

let over = () => {};
let askedAt = -Infinity;

function show() {
  if (!known) return;
  const moment = now();
  showFace(moment);
  for (const element of document.querySelectorAll("[data-age]")) write(element, since(moment - element.dataset.age));
  for (const element of document.querySelectorAll("[data-at]")) write(element, ago(moment - element.dataset.at));
  for (const element of document.querySelectorAll("[data-grow]")) {
    const { created } = element.closest("[data-session]")?.dataset ?? document.querySelector("[data-session]").dataset;
    element.setAttribute("width", `${Math.min(((moment - created) / element.dataset.grow) * 100, 100)}%`);
  }
  let ended = false;
  for (const holder of document.querySelectorAll('[data-session][data-state="active"]')) ended = showSession(holder, moment) || ended;
  if (ended && performance.now() - askedAt > CALM) {
    askedAt = performance.now();
    over();
  }
}

const ago = (seconds) => (seconds < 1 ? "just now" : `${since(seconds)} ago`);

export function startTime(whenOver) {
  over = whenOver;
  const face = document.getElementById("face");
  if (!face) return;
  synchronize({ now: Number(face.dataset.now), mode: face.dataset.mode });
  const tick = () => {
    if (!document.hidden) show();
    setTimeout(tick, still.matches ? CALM : STEP);
  };
  tick();
}
