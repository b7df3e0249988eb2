// Following an organisation's journal. Every event has a place. A stream continues after the last one seen, so that a lost
// connection, a page in the background, or a pause leaves no gap and repeats nothing.

const AGAIN = 2000; // milliseconds until a refused stream is tried again

const link = document.getElementById("link");

function say(state, text) {
  if (!link) return;
  link.hidden = false;
  link.className = `link ${state}`;
  if (link.textContent !== text) link.textContent = text;
}

export function follow(address, place, { time, news, strays }) {
  let source = null;
  let paused = false;
  let timer = 0;
  let full = false;

  function open() {
    clearTimeout(timer);
    if (source || paused || document.hidden) return;
    const url = new URL(address, location.href);
    url.searchParams.set("after", place);
    source = new EventSource(url);
    source.addEventListener("time", (event) => {
      live();
      time(JSON.parse(event.data));
    });
    source.addEventListener("news", (event) => {
      if (Number(event.lastEventId) <= place) return;
      live();
      place = Number(event.lastEventId);
      news(JSON.parse(event.data));
    });
    source.addEventListener("strays", () => strays());
    source.addEventListener("full", (event) => {
      full = true;
      const { followers } = JSON.parse(event.data);
      say("lost", `looks every 2 s: ${followers} windows are live already`);
    });
    source.addEventListener("anew", () => location.reload());
    source.addEventListener("gone", () => end("off", "deleted: this organisation is no more"));
    source.addEventListener("trouble", (event) => say("off", JSON.parse(event.data).message));
    source.onerror = failed;
  }

  function live() {
    if (!full) say("", "live");
  }

  function failed() {
    if (source.readyState !== EventSource.CLOSED) {
      if (!full) say("lost", "connecting…");
      full = false; // until the next answer
      return;
    }
    close();
    say("lost", "connecting…");
    timer = setTimeout(retry, AGAIN);
  }

  // The browser does not say why a stream was refused. The page does: it redirects to the sign-in.
  async function retry() {
    try {
      const answer = await fetch(location.href, { method: "HEAD" });
      if (answer.redirected || answer.status === 404) return location.reload();
    } catch {
      // the server is not there (yet)
    }
    open();
  }

  function close() {
    source?.close();
    source = null;
  }

  function end(state, text) {
    close();
    paused = true;
    say(state, text);
  }

  const pause = document.getElementById("pause");
  if (pause) {
    pause.hidden = false;
    pause.addEventListener("click", () => {
      paused = !paused;
      pause.setAttribute("aria-pressed", paused);
      pause.textContent = paused ? "Go on" : "Pause";
      if (paused) {
        close();
        say("paused", "paused");
      } else open();
    });
  }

  // Browsers allow six connections to a server, so a hidden page closes its own.
  document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
  addEventListener("pagehide", close);
  addEventListener("pageshow", open);
  open();
}
