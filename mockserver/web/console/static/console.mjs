// Live updates and conveniences. The pages work without scripts.
//
// Attributes that a page, or an extension's part of one, may use:
//   data-copy="ID"       a button that copies the text of the element with that id
//   data-quiet           a form that is sent in the background; then the page's live parts and its message are updated
//   data-live            with an id: a part that is fetched again after each event
//   data-follow, -after  the events that the page follows, and the place in the journal it starts from
//   data-at, data-age    text that shows how long ago a time on the organisation's clock was

import { prepareForms } from "./forms.mjs";
import { refresh } from "./refresh.mjs";
import { followRows } from "./rows.mjs";
import { follow } from "./stream.mjs";
import { startTime, synchronize } from "./time.mjs";

prepareForms();
startTime(() => refresh());

const followed = document.querySelector("[data-follow]");
if (followed) {
  const rows = followed.id === "rows" ? followRows(followed) : null;
  follow(followed.dataset.follow, Number(followed.dataset.after), {
    time: synchronize,
    strays: refresh,
    news(news) {
      synchronize(news);
      rows?.add(news);
      if (!rows || news.done.length > 0) refresh();
    },
  });
}
