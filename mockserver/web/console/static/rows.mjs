// Rows of requests as they are answered. The server renders them and escapes what came from clients.

const MOST = 200; // rows kept in the page; older ones are a link away
const ANNOUNCE = 5000; // milliseconds between two announcements to screen readers

export function followRows(body) {
  const fresh = document.getElementById("fresh");
  const older = document.getElementById("older");
  const empty = document.getElementById("empty");
  let unsaid = 0;
  let timer = 0;

  function put({ id, seq, html }) {
    const template = document.createElement("template");
    template.innerHTML = html;
    const row = template.content.querySelector("tr");
    const known = document.getElementById(`r-${id}`);
    if (known) return known.replaceWith(row);
    row.classList.add("fresh");
    let next = body.firstElementChild;
    while (next && Number(next.dataset.seq) > seq) next = next.nextElementSibling;
    body.insertBefore(row, next);
  }

  function trim() {
    if (body.children.length <= MOST) return;
    while (body.children.length > MOST) body.lastElementChild.remove();
    const url = new URL(older.href);
    url.searchParams.set("before", body.lastElementChild.dataset.seq);
    older.href = url;
    older.hidden = false;
  }

  function announce(number) {
    unsaid += number;
    if (timer || unsaid === 0) return;
    timer = setTimeout(() => {
      fresh.textContent = unsaid === 1 ? "1 new request" : `${unsaid} new requests`;
      unsaid = timer = 0;
    }, ANNOUNCE);
  }

  return {
    add({ rows, matching }) {
      rows.forEach(put);
      trim();
      announce(matching);
      if (rows.length > 0) empty.hidden = true;
    },
  };
}
