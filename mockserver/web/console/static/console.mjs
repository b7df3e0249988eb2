// Pages tell and do everything without a script; here is what is live, and the conveniences.
//
// What a page, or an extension's part of one, may use by its attributes:
//   data-copy="ID"       a button that copies the text of the element with that id
//   data-quiet           a form that is sent in the background; the page's live parts and its message follow
//   data-live            with an id: a part that is fetched anew when something has happened
//   data-follow, -after  the events that the page follows, and the place in the journal it starts from
//   data-at, data-age    text that tells how long ago an instant of the organisation's clock was

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
