// Fetches two addresses in turn, so that connections are kept and lost, and prints what became of each as JSON.
// Usage: node fetch.mjs ROUNDS URL OTHER_URL
const [rounds, ...urls] = process.argv.slice(2);
const outcomes = urls.map(() => ({}));
for (let round = 0; round < rounds; round++) {
  for (const [index, url] of urls.entries()) {
    let outcome;
    try {
      const response = await fetch(url, { method: "POST", body: "{}" });
      outcome = `${response.status} ${(await response.text()).length}`;
    } catch (error) {
      outcome = `${error.message}: ${error.cause?.code}`;
    }
    outcomes[index][outcome] = (outcomes[index][outcome] ?? 0) + 1;
  }
}
console.log(JSON.stringify(outcomes));
