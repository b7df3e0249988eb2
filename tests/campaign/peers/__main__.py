"""``python -m tests.campaign.peers``: puts the campaign's clients before other tools, and writes fixtures/public/PEERS.md."""

from __future__ import annotations

from tests.campaign import record
from tests.campaign.drivers import PublicClient, drivers
from tests.campaign.peers import conformance, environment, machine, pebble
from tests.campaign.peers.first import first
from tests.campaign.peers.table import TEXT, Row, Section, write

WITH_PEBBLE = {"acme": "N1/nonce", "acme-client": "S1/nonce", "acme-client-before": ""}
WITH_SUITE = {"mcp": "R2/session", "fastmcp": "R2/session", "mcp-client-node": "R2/session", "mcp-sdk-node": "R2/session"}
WITH_MACHINE = {"python-jenkins": "R1/crumb", "api4jenkins": "R1/crumb", "jenkinsapi": "R1/crumb"}


def of_pebble(clients: dict[str, PublicClient]) -> Section:
    """Compare with Pebble."""
    columns = tuple(f"{rejected} % rejected" for rejected in pebble.REJECTED)
    rows = []
    for name, code in WITH_PEBBLE.items():
        ordered = [pebble.order(name, rejected) for rejected in pebble.REJECTED]
        told = [f"{one.done} of {pebble.ORDERS} orders{f': {one.error[:60]}' if one.error else ''}" for one in ordered]
        rows.append(_row(clients[name], code, dict(zip(columns, told, strict=True))))
    return Section(
        "Pebble",
        f"Pebble {environment.VERSION} rejects a share of good nonces at random. It shows if an order gets through,"
        "\nand judges no client: it does not tell that a nonce was thrown away, and never answers 503, after which one is"
        "\nshown again. An order that fails is not a verdict: that of a right client fails too if its second try is"
        "\nrejected. Pebble checks signatures, orders and challenges, of which dayfly declares only what clients need.",
        columns,
        rows,
    )


def of_suite(clients: dict[str, PublicClient]) -> Section:
    """Compare with MCP's conformance suite."""
    rows = []
    for name, code in WITH_SUITE.items():
        done = conformance.conform(name)
        others = {"checks passed": str(done.passed), "checks failed": ", ".join(done.failed) or "none"}
        rows.append(_row(clients[name], code, others))
    return Section(
        "MCP's conformance suite",
        f"The scenarios {', '.join(conformance.SCENARIOS)} of @modelcontextprotocol/conformance. No scenario of the suite"
        "\nends a session. It checks what dayfly does not declare: the handshake's version, and reconnecting to a stream.",
        ("checks passed", "checks failed"),
        rows,
    )


def of_machine(clients: dict[str, PublicClient]) -> Section:
    """Compare with a state machine that is written with Hypothesis alone."""
    rows = []
    for name, code in WITH_MACHINE.items():
        done = machine.machined(clients[name])
        latest = "" if done.latest is None else f", by scenario {done.latest} at the latest"
        rows.append(
            _row(clients[name], code, {"the state machine finds it": f"in {done.found} of {machine.SEEDS} seeds{latest}"})
        )
    return Section(
        "A state machine of one's own",
        "`peers/jenkins_machine.py` has a mock of Jenkins, three rules and one invariant in a hundred"
        "\nlines. It ends web sessions between calls only: what breaks in the midst of a call is beyond it. Each further"
        "\nrule, fault and language of clients has to be written.",
        ("the state machine finds it",),
        rows,
    )


def _row(client: PublicClient, code: str, others: dict[str, str]) -> Row:
    number = first(client, code) if code else None
    ours = _alarms(client) if not code else "not found" if number is None else str(number)
    return Row(f"{client.package} {client.version}", code, ours, others)


def _alarms(client: PublicClient) -> str:
    """Return the alarms that the record has for a client."""
    result = record.read()[client.name]
    alarms = [clause.code for clause in result.clauses if clause.violated]
    return f"{', '.join(alarms) or 'no alarm'} in {result.scenarios} scenarios"


def main() -> None:
    """Run all three, and write the page."""
    environment.make()
    clients = {client.name: client for client in drivers()}
    write([compare(clients) for compare in (of_pebble, of_suite, of_machine)])
    print(f"written: {TEXT}")


if __name__ == "__main__":
    main()
