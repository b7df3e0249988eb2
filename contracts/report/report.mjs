// Conveniences that the page works without: buttons to copy commands, and keys to go from clash to clash.

const clashes = [...document.querySelectorAll(".clash")];

function go(step) {
  const here = clashes.indexOf(document.activeElement);
  const next = here < 0 && step < 0 ? clashes.length - 1 : (here + step + clashes.length) % clashes.length;
  clashes[next].focus();
  clashes[next].scrollIntoView({ block: "center" });
}

function select(element) {
  const range = document.createRange();
  range.selectNodeContents(element);
  getSelection().removeAllRanges();
  getSelection().addRange(range);
}

async function copy(command, button) {
  try {
    await navigator.clipboard.writeText(command.textContent);
    button.textContent = "copied";
  } catch {
    select(command); // a page from a file may not reach the clipboard
    button.textContent = "selected";
  }
}

for (const command of document.querySelectorAll(".command")) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "copy";
  button.textContent = "copy";
  button.setAttribute("aria-label", `copy: ${command.textContent}`);
  button.addEventListener("click", () => copy(command, button));
  command.after(button);
}

if (clashes.length > 0) {
  const keys = document.createElement("p");
  keys.className = "keys";
  const key = (name) => Object.assign(document.createElement("kbd"), { textContent: name });
  keys.append(key("n"), " and ", key("p"), " go to the next and the previous line that clashes.");
  document.querySelector("header").append(keys);
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "n") go(1);
    if (event.key === "p") go(-1);
  });
}
