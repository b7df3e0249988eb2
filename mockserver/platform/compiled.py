"""From a declaration to a platform that can be served: places become readers, examples become templates."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from email.utils import formatdate
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from msgspec.structs import replace

from mockserver.clock import iso
from mockserver.platform.bodies import Bodies
from mockserver.platform.checks import PARAMETER, names_in, places_of
from mockserver.platform.declaration import POLICY_WORDS, Declaration, load
from mockserver.platform.errors import Wrong, raise_all
from mockserver.platform.message import HttpMessage
from mockserver.platform.model import Answer, Get, Kind, Lifetime, Operation, Platform, Route, Values
from mockserver.platform.places import Place, parse, present, reader
from mockserver.platform.samples import Samples, chosen, media_type
from mockserver.platform.templates import fill, placed, put, template, text

T = TypeVar("T")

ERROR_SHAPE = "error"


def compile_platform(path: str | Path, policy: Mapping[str, Any] | None = None, name: str = "") -> Platform:
    """Load a declaration and compile it; see `declaration.load` for `policy`. Raises DeclarationError."""
    return compiled(load(path, policy), name or Path(path).stem)


def refusals(path: str | Path, policy: Mapping[str, Any]) -> dict[str, Answer]:
    """Return the answers to refusals of a declaration that comes with the package, by row, or by kind and cause.

    Its words are not checked, because tests do that, and jsonschema takes longer to import than the rest.
    """
    return _Compiler(load(path, policy, checked=False)).refusals()


def compiled(declaration: Declaration, name: str) -> Platform:
    """Return the platform of a declaration that has been checked. Raises DeclarationError."""
    try:
        return _Compiler(declaration).platform(name)
    except Wrong as wrong:
        raise declaration.source.error(wrong) from wrong
    except RecursionError as error:
        raise declaration.source.error(Wrong("is nested too deeply")) from error


class _Compiler:
    """Compiles a declaration. What it finds wrong is noted, so that all of it is told at once."""

    def __init__(self, declaration: Declaration) -> None:
        self._found: dict[tuple[str | int, ...], Wrong] = {}
        self._declaration, self._lifecycle = declaration, declaration.lifecycle
        self._names = list(declaration.operations)
        self._bodies, self._samples = Bodies(declaration.schemas), Samples(declaration.schemas)
        self._policy = {
            f"$policy.{name}.{word}": _plain(told[word])
            for name, told in declaration.kinds.items()
            for word in POLICY_WORDS
            if word in told
        }
        self._gets = dict(_expressions(declaration.kinds))
        self._kinds = {name: self._kind(name, told) for name, told in declaration.kinds.items()}

    def platform(self, name: str) -> Platform:
        declaration = self._declaration
        refused = {row: self._row(row) for row in self._lifecycle["refused"]}
        operations = dict[str, Operation]()
        for one, told in declaration.operations.items():
            try:
                operations[one] = self._operation(told)
            except Wrong as wrong:
                self._note(wrong)
        raise_all(self._found.values())
        routes = tuple(_routes(operations.values()))
        return Platform(
            name=name,
            title=declaration.title,
            digest=declaration.digest,
            kinds=self._kinds,
            operations=operations,
            refused=refused,
            order=tuple(self._lifecycle["order"]),
            routes=routes,
            always=tuple(kind for kind in self._kinds.values() if kind.always is not None),
            exact={route.path: route for route in routes if not route.names},
            max_body=self._lifecycle.get("max_body"),
            effects=declaration.effects,
            bases=tuple(dict.fromkeys(path.removesuffix(bare) for path, bare in declaration.paths.items())),
            code_paths=tuple(_paths_to("{$answer.code}", declaration.shapes.values())),
        )

    def refusals(self) -> dict[str, Answer]:
        rows = {row: self._row(row) for row in self._lifecycle["refused"]}
        return rows | {f"{kind.name}.{cause}": row for kind in self._kinds.values() for cause, row in kind.refused.items()}

    def _note(self, wrong: Wrong, *shape: str) -> None:
        """Note mistakes, those of a `shape` once for all rows that have it."""
        others, wrong.others = wrong.others, ()
        for one in (wrong, *others):
            self._found.setdefault((one.problem, *(shape or one.path)), one)

    # -- kinds -------------------------------------------------------------------------------------------------------

    def _kind(self, name: str, told: dict[str, Any]) -> Kind:
        issued = told["issued"] if isinstance(told["issued"], dict) else {}
        carried = {
            operation: places
            for keys, place in told.get("carried", {}).items()
            for operation in names_in(keys, self._names)
            for places in [tuple(places_of(place))]
        }
        bound = {one: tuple(places_of(place)) for one, place in told.get("bound", {}).items()}
        rows = {
            cause.strip(): self._refusal(row, "x-lifecycle", "kinds", name, "refused", keys)
            for keys, row in told.get("refused", {}).items()
            for cause in keys.split(",")
        }
        return Kind(
            name=name,
            noun=told["noun"],
            life=life_of(told),
            within=told.get("within"),
            registered=told["issued"] == "registered",
            implied=told["issued"] == "implied",
            always=parse(issued["*"]) if "*" in issued else None,
            carried={operation: reader(places) for operation, places in carried.items()},
            places=carried,
            issued={one: parse(place) for keys, place in issued.items() for one in names_in(keys, self._names)},
            bound=bound,
            bound_by=tuple(reader(places) for places in bound.values()),
            scopes=reader(parse(told["scopes"])) if "scopes" in told else None,
            seen_is_spent=told.get("spent") == "seen",
            succeeds="successor" in told,
            reuse_ends="reuse" in told,
            ended=frozenset(told.get("ended", ())),
            told_at=_told_seconds(told.get("ttl")),
            refused=rows,
            duty=told.get("duty", {}),
        )

    # -- operations --------------------------------------------------------------------------------------------------

    def _operation(self, told: dict[str, Any]) -> Operation:
        name, answer = told["name"], told.get("answer")
        try:
            check, media, example = self._bodies.checker(told)
        except Wrong as wrong:
            self._note(wrong.at(*(told["place"] if wrong.path[0] == "requestBody" else ()), *wrong.path))
            check, media, example = None, "", None
        carries = [kind.name for kind in self._kinds.values() if name in kind.carried]
        issues = sorted((kind.name for kind in self._kinds.values() if name in kind.issued), key=self._depth)
        scopes = {
            kind: tuple(needed)
            for requirement in told.get("security", ())
            for kind, needed in requirement.items()
            if kind in self._kinds and needed
        }
        able = {*carries, *(("scope",) if scopes else ()), *(("body",) if check else ()), *self._limits(carries, issues)}
        refuses = isinstance(answer, str)
        guards = tuple(guard for guard in self._lifecycle["order"] if guard in able and (guard == "body" or not refuses))
        return Operation(
            name=name,
            routes=tuple(told["routes"]),
            conditions=tuple(_condition(place, value) for place, value in told.get("when", {}).items()),
            carries=tuple(carries),
            shows=tuple((kind, self._kinds[kind].carried[name]) for kind in carries),
            issues=tuple(issues),
            guards=guards,
            compared={
                kind: earlier
                for kind in carries
                if kind in guards
                and "foreign" in self._kinds[kind].refused
                and (earlier := tuple(one for one in carries if one not in guards[guards.index(kind) :]))
            },
            scopes=scopes,
            check=check,
            answer=self._row(answer) if isinstance(answer, str) else self._success(told, carries, issues),
            refuses=refuses,
            media=media,
            example=example,
            when=tuple((parse(place), value) for place, value in told.get("when", {}).items()),
        )

    def _depth(self, kind: str) -> int:
        """Return the number of owners above a kind. An owner is issued before the kinds within it."""
        return len(list(self._owners(kind)))

    def _limits(self, carries: Iterable[str], issues: Iterable[str]) -> Iterator[str]:
        if any(self._kinds[name].life.rate is not None for name in carries):
            yield "rate"
        if any(self._kinds[name].scopes is not None for name in issues):
            yield "grantable"

    def _success(self, told: dict[str, Any], carries: Iterable[str], issues: Iterable[str]) -> Answer:
        name, wanted, responses = told["name"], told.get("answer"), told["responses"]
        try:
            good = str(wanted) if wanted is not None else success(responses)
        except Wrong as wrong:
            raise Wrong(wrong.problem, *told["place"], "responses") from wrong
        response, place = responses[good], (*told["place"], "responses", good)
        media, content = chosen(response.get("content") or {"": {}})
        example = self._samples.example(content, name)
        self._check_members(name, issues, content, example)
        headers = {one: str(header["example"]) for one, header in response.get("headers", {}).items() if "example" in header}
        cookies: list[tuple[str, str]] = []
        try:
            for kind in (self._kinds[one] for one in issues):
                example = self._bring(kind.issued[name], f"{{$issued.{kind.name}}}", example, headers, cookies, kind.name)
            for kind_name, where in self._told(issues):
                example = self._bring(where, f"{{$told.{kind_name}}}", example, headers, cookies)
            if example is not None and not media:
                raise Wrong("it brings an id in its body, and has no content, which says of what media type that is")
            known = self._expressions([told], carries, issues)
            return self._answer(status_of(good), example, media, headers, tuple(cookies), known)
        except Wrong as wrong:
            raise wrong.at(*place) from wrong

    def _check_members(self, name: str, issues: Iterable[str], content: dict[str, Any], example: Any) -> None:
        """Check that no place in the body of an operation's answer is a misspelt one; note it at the kind's own word."""
        for kind in issues:
            declared = self._declaration.kinds[kind]["issued"]
            keys = next(keys for keys in declared if keys == "*" or name in names_in(keys, self._names))
            self._check_member(self._kinds[kind].issued[name], f"{{$issued.{kind}}}", content, example, kind, "issued", keys)
        for lasting, where in self._told(issues):
            self._check_member(where, f"{{$told.{lasting}}}", content, example, *lasting.split("."), "told")

    def _check_member(self, place: Place, value: str, content: dict[str, Any], example: Any, *path: str) -> None:
        meant = self._samples.meant(content, example, place.steps, value) if place.is_pointer else None
        if meant is not None:
            self._note(Wrong(f"{place}: the answer does not have it; did you mean {meant!r}?", "x-lifecycle", "kinds", *path))

    def _told(self, issues: Iterable[str]) -> Iterator[tuple[str, Place]]:
        """Yield the places in which an answer gives the lifetime of the ids it brings."""
        for name in issues:
            for word in ("ttl", "idle"):
                told = self._declaration.kinds[name].get(word)
                if isinstance(told, dict) and "told" in told:
                    yield f"{name}.{word}", parse(told["told"])

    @staticmethod
    def _bring(
        place: Place, value: str, example: Any, headers: dict[str, str], cookies: list[tuple[str, str]], kind: str = ""
    ) -> Any:
        """Put a value at a place of the answer, and return the example of its body."""
        if place.part == "body":
            return put(example, place.steps, value)
        if place.part == "cookie":
            own = next((text for name, text in headers.items() if name.lower() == "set-cookie"), "")
            if not (own.startswith(f"{place.name}=") and value in own):
                cookies.append((place.name, kind))
        elif not place.lens:
            headers[place.name] = value
        elif not _holds(place, headers.get(place.name, ""), value):
            raise Wrong(f"{place}: give the response's header {place.name} an example with {value} there")
        return example

    def _expressions(self, operations: Iterable[Mapping[str, Any]], shown: Iterable[str], issued: Iterable[str]) -> list[str]:
        """Return the expressions that have a value in answers of operations which show, and are issued, these kinds."""
        kinds = self._declaration.kinds
        owners = {owner for name in issued for owner in self._owners(name)}
        brought = {*issued, *(owner for owner in owners if kinds[owner]["issued"] == "implied")}
        lasting = [(name, word) for name in brought for word in ("ttl", "idle") if word in kinds[name]]
        paths = [path for operation in operations for _, path in operation["routes"]]
        return [
            *(f"$request.path.{name}" for path in paths for name in PARAMETER.findall(path)),
            *(f"$issued.{name}" for name in {*shown, *brought}),
            *(f"$presented.{name}" for name in shown),
            *(f"$told.{name}.{word}" for name, word in lasting),
        ]

    def _owners(self, kind: str) -> Iterator[str]:
        """Yield the kinds above a kind."""
        within = self._declaration.kinds[kind].get("within")
        if within is not None:
            yield within
            yield from self._owners(within)

    # -- answers -----------------------------------------------------------------------------------------------------

    def _row(self, name: str) -> Answer:
        """Return the answer of a row that does not belong to a kind."""
        return self._refusal(self._lifecycle["refused"][name], "x-lifecycle", "refused", self._declaration.row_keys[name])

    def _refusal(self, row: dict[str, Any], *path: str) -> Answer:
        message = row.get("message", "")
        shape = row.get("shape", ERROR_SHAPE)
        constants = self._policy | {"$answer.code": row.get("code"), "$answer.message": message, "$statusCode": row["status"]}
        example = fill(self._declaration.shapes.get(shape), constants) if message or "shape" in row or "code" in row else None
        media = self._lifecycle.get("error_type", "application/json")
        try:
            kinds = self._declaration.kinds
            known = self._expressions(self._declaration.operations.values(), kinds, kinds)
            answer = self._answer(row["status"], example, media, row.get("headers", {}), (), known, constants)
        except Wrong as wrong:
            self._note(wrong.at(*path), shape)
            answer = Answer(status=row["status"], body=lambda _: b"")
        words = {word: row.get(word, "") for word in ("why", "advice")}
        return replace(answer, code=row.get("code"), message=message, harmless=row.get("harmless", False), **words)

    def _answer(
        self,
        status: int,
        example: Any,
        media: str,
        headers: Mapping[str, str],
        cookies: tuple[tuple[str, str], ...],
        known: Iterable[str],
        constants: Mapping[str, Any] = {},
    ) -> Answer:
        gets = {one: self._gets.get(one) or placed(one) for one in known}
        gets |= {name: partial(_constant, value) for name, value in constants.items()}
        whole = {**self._lifecycle.get("headers", {}), **headers}
        found: list[Wrong] = []
        blank: str | Callable[[Values], str] = ""
        written = tuple((name, _tried(partial(text, str(value), gets), blank, found)) for name, value in whole.items())
        empty: Callable[[Values], bytes] = lambda _: b""  # noqa: E731 - it is given twice
        body = empty if example is None else _tried(partial(template, example, media_type(media), gets), empty, found)
        raise_all(found)
        return Answer(
            status=status,
            body=body,
            media="" if example is None else media,
            headers=written,
            fixed=[(name, told if isinstance(told, str) else "") for name, told in written],
            filled=tuple((number, told) for number, (_, told) in enumerate(written) if not isinstance(told, str)),
            cookies=cookies,
        )


def _tried(make: Callable[[], T], otherwise: T, found: list[Wrong]) -> T:
    """Return what is made. If that is wrong, add the mistake to those `found`."""
    try:
        return make()
    except Wrong as wrong:
        found.append(wrong)
        return otherwise


def _holds(place: Place, header: str, value: str) -> bool:
    """Return True if a value can be read at a place within the example of a header."""
    found = reader(place)(HttpMessage(headers=[(place.name, header.replace("{$server}", "http://server"))]))
    return isinstance(found, str) and found == value


def success(responses: Iterable[str]) -> str:
    """Return the response that an operation answers with if nothing refuses the request: its first 2xx, or the first.

    Raises Wrong if there is none.
    """
    told = sorted((one for one in responses if not one.startswith("x-")), key=lambda one: not one.isdecimal())
    if not told:
        raise Wrong("it needs a response with a status, like 200, which is what it answers")
    return next((one for one in told if one.startswith("2")), told[0])


def status_of(response: str) -> int:
    """Return the status of a response; 2XX and default stand for 200."""
    return 200 if response == "default" else int(response.upper().replace("X", "0"))


def life_of(told: Mapping[str, Any]) -> Lifetime:
    """Return the lifetime that is declared for a kind."""
    grace = told.get("successor", {}).get("grace")
    return Lifetime(
        ttl=_milliseconds(told.get("ttl")),
        idle=_milliseconds(told.get("idle")),
        uses=_count(told.get("uses")),
        grace=None if grace is None or grace == "unlimited" else round(1000 * grace),
        endless_grace=grace == "unlimited",
        live=_count(told.get("live")),
        rate=_count(told.get("rate")),
    )


def _milliseconds(told: Any) -> int | None:
    seconds = told.get("seconds") if isinstance(told, dict) else told
    return None if seconds is None or seconds == "unlimited" else max(1, round(1000 * seconds))


def _count(told: Any) -> int | None:
    return None if told is None or told == "unlimited" else int(told)


def _told_seconds(lasting: Any) -> Place | None:
    told = isinstance(lasting, dict) and "told" in lasting and lasting.get("as", "seconds") == "seconds"
    return parse(lasting["told"]) if told else None


def _plain(told: Any) -> Any:
    return told.get("seconds", told.get("grace")) if isinstance(told, dict) else told


def _constant(value: Any, values: Values) -> Any:  # noqa: ARG001 - it has the signature of an expression
    return value


def _expressions(kinds: Mapping[str, dict[str, Any]]) -> Iterator[tuple[str, Get]]:
    """Yield the expressions about ids, by name."""
    for name, told in kinds.items():
        yield f"$issued.{name}", partial(_issued, name)
        yield f"$presented.{name}", partial(_presented, name)
        life = life_of(told)
        for word, lasting in (("ttl", life.ttl), ("idle", life.idle)):
            yield f"$told.{name}.{word}", _told(lasting, told.get(word))


def _presented(kind: str, values: Values) -> str:
    return values.shown.get(kind, "")


def _issued(kind: str, values: Values) -> str:
    return values.issued.get(kind) or values.shown.get(kind, "")


def _told(lasting: int | None, told: Any) -> Get:
    """Return the lifetime of an id in the declared form: seconds, or the moment of its end."""
    if lasting is None:
        return partial(_constant, None)
    if not isinstance(told, dict) or told.get("as", "seconds") == "seconds":
        return partial(_constant, lasting // 1000 if lasting % 1000 == 0 else lasting / 1000)
    if "told" in told and parse(told["told"]).part == "header":
        return lambda values: formatdate((values.now + lasting) // 1000, usegmt=True)
    return lambda values: iso(values.now + lasting)


def _condition(place: str, value: Any) -> tuple[Callable[[HttpMessage], bool], str]:
    where = parse(place)
    read, is_there = reader(where), present(where)
    if value == "*":
        return is_there, f"{place} is there"
    if value is None:
        return (lambda message: read(message) is None), f"{place} is not there"
    return (lambda message: read(message) == value), f"{place} is {value}"


def _routes(operations: Iterable[Operation]) -> list[Route]:
    found: dict[str, Route] = {}
    for operation in operations:
        for method, path in operation.routes:
            pattern = re.compile("([^/]+)".join(map(re.escape, PARAMETER.split(path)[::2])))
            route = found.setdefault(path, Route(path, pattern, tuple(PARAMETER.findall(path)), {}))
            route.operations.setdefault(method, []).append(operation)
    for route in found.values():
        for several in route.operations.values():
            several.sort(key=lambda operation: not operation.conditions)  # one without conditions takes the rest
    return sorted(found.values(), key=lambda route: "{" in route.path)


def _paths_to(wanted: str, examples: Iterable[Any]) -> Iterator[tuple[str, ...]]:
    """Yield the paths at which a text stands in the examples, each path once."""
    found: dict[tuple[str, ...], None] = {}
    for example in examples:
        found |= dict.fromkeys(_within(example, wanted, ()))
    yield from found


def _within(part: Any, wanted: str, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    if part == wanted:
        yield path
    elif isinstance(part, dict):
        for name, item in part.items():
            yield from _within(item, wanted, (*path, name))
    elif isinstance(part, list):
        for number, item in enumerate(part):
            yield from _within(item, wanted, (*path, str(number)))
