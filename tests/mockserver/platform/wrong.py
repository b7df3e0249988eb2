"""A small declaration, and ways for it to be wrong."""

from __future__ import annotations

TOY = """\
openapi: 3.1.1
info: {title: A toy}
paths:
  /login:
    post:
      operationId: logIn
      requestBody:
        content:
          application/json: {schema: {type: object}}
      responses:
        '200':
          content: {application/json: {example: {at: '{$now}'}}}
  /jobs/{n}:
    post:
      operationId: work
      responses: {'200': {description: Done.}}
components:
  examples:
    error:
      value: {code: '{$answer.code}', text: '{$answer.message}'}
x-lifecycle:
  order: [token, body]
  kinds:
    account:
      noun: account
      issued: registered
    token:
      noun: token
      issued: {logIn: $response.body#/token}
      carried: {work: $request.header.Authorization#bearer}
      within: account
      ttl: {seconds: 60, told: $response.body#/lasts}
      refused:
        missing: {status: 401, code: none, message: no token}
        unknown, ended, expired: {status: 401, code: bad, message: bad token}
      duty: {dead: renew}
  refused:
    route: {status: 404, message: no such path}
    method: {status: 405, message: no such method}
    media: {status: 415, message: wrong type}
    size: {status: 413, message: too large}
    json: {status: 400, message: not JSON}
    body: {status: 400, message: '{$detail}'}
x-effects:
  job: {by: work, delivery: any, with: {n: '1'}, keeps: {n: $request.path.n}}
"""

LIFECYCLE = "x-lifecycle."
TOKEN = LIFECYCLE + "kinds.token."

WRONG: dict[str, tuple[str, str, str, str]] = {
    # the replaced text, its replacement, the place that is blamed, and a part of the message
    "an old OpenAPI": ("openapi: 3.1.1", "openapi: 2.0.0", "openapi", "write openapi: 3.1.1"),
    "an unknown word of a kind": ("ttl: {", "tlt: {", TOKEN + "tlt", "did you mean 'ttl'?"),
    "an unknown word of a duty": ("{dead: renew}", "{daed: renew}", TOKEN + "duty.daed", "did you mean 'dead'?"),
    "an unknown word of a row": ("code: none", "kode: none", TOKEN + "refused.missing.kode", "did you mean 'code'?"),
    "an unknown word of x-lifecycle": ("  order: [", "  ordre: [", LIFECYCLE + "ordre", "did you mean 'order'?"),
    "an unknown word of an effect": ("delivery: any", "deliver: any", "x-effects.job.deliver", "did you mean 'delivery'?"),
    "an unknown method": (
        "    post:\n      operationId: work",
        "    psot:\n      operationId: work",
        "paths./jobs/{n}.psot",
        "'post'",
    ),
    "an unknown word of an operation": (
        "      responses: {'200'",
        "      respones: {'200'",
        "paths./jobs/{n}.post.respones",
        "'responses'",
    ),
    "an unknown extension": ("x-effects:", "x-efects:", "x-efects", "did you mean 'x-effects'?"),
    "a missing word": ("      noun: token\n", "", "x-lifecycle.kinds.token", "the word 'noun' is missing"),
    "no operationId": ("      operationId: work\n", "", "paths./jobs/{n}.post", "the word 'operationId' is missing"),
    "no responses": (
        "      responses: {'200': {description: Done.}}\n",
        "",
        "paths./jobs/{n}.post",
        "the word 'responses' is missing",
    ),
    "an operation that is a list": (
        "    post:\n      operationId: work\n      responses: {'200': {description: Done.}}",
        "    post: []",
        "paths./jobs/{n}.post",
        "[] is not an object",
    ),
    "a status that is none": (
        "{'200': {description: Done.}}",
        "{ok: {description: Done.}}",
        "paths./jobs/{n}.post.responses.ok",
        "it must be a status, like 200",
    ),
    "a path without a slash": ("  /login:", "  login:", "paths.login", "a path that begins with /"),
    "a path that is no object": ("  /jobs/{n}:\n", "  /other:\n  /jobs/{n}:\n", "paths./other", "None is not an object"),
    "a parameter without its brace": ("/jobs/{n}:", "/jobs/{n:", "paths./jobs/{n", "a parameter is written {name}"),
    "a parameter twice": ("/jobs/{n}:", "/jobs/{n}/{n}:", "paths./jobs/{n}/{n}", "'n' stands in it twice"),
    "two paths for the same": (
        "  /jobs/{n}:\n",
        "  /jobs/{m}:\n    post: {operationId: look, responses: {'200': {}}}\n  /jobs/{n}:\n",
        "paths./jobs/{n}",
        "the path /jobs/{m} takes the same requests",
    ),
    "one name for two operations": (
        "  /jobs/{n}:\n",
        "  /x:\n    get: {operationId: logIn, responses: {'200': {}}}\n  /jobs/{n}:\n",
        "paths./x.get",
        "another operation is called 'logIn'",
    ),
    "a place that is none": (
        "$request.header.Authorization#bearer",
        "$request.heade.Authorization",
        TOKEN + "carried.work",
        "is not a place; one looks like",
    ),
    "a lens that is none": ("#bearer", "#baerer", TOKEN + "carried.work", "did you mean 'bearer'?"),
    "a place on the wrong side": (
        "{work: $request.header.Authorization#bearer}",
        "{work: $response.header.X}",
        TOKEN + "carried.work",
        "it must be a place in the request",
    ),
    "a place beside the id in the example": (
        "{at: '{$now}'}",
        "{key: '{$issued.token}'}",
        TOKEN + "issued.logIn",
        "$response.body#/token: the answer does not have it; did you mean 'key'?",
    ),
    "a misspelt place of an id": ("{at: '{$now}'}", "{tokens: ''}", TOKEN + "issued.logIn", "did you mean 'tokens'?"),
    "a misspelt place of a lifetime": ("{at: '{$now}'}", "{last: 0}", TOKEN + "ttl.told", "did you mean 'last'?"),
    "a misspelt place beside a schema": (
        "{example: {at: '{$now}'}}",
        "{schema: {allOf: [{properties: {tokens: {type: string}}}]}}",
        TOKEN + "issued.logIn",
        "did you mean 'tokens'?",
    ),
    "a place of an answer that has none": (
        "$response.body#/token",
        "$response.query.token",
        TOKEN + "issued.logIn",
        "an answer has no query",
    ),
    "a form in an answer": ("$response.body#/token", "$response.body#form/token", TOKEN + "issued.logIn", "takes a #/pointer"),
    "ids of every answer in its body": (
        "{logIn: $response.body#/token}",
        "{'*': $response.body#/token}",
        TOKEN + "issued.*",
        "stands in a header",
    ),
    "a successor that nothing brings": (
        "      ttl: {",
        "      successor: {grace: 0}\n      ttl: {",
        TOKEN + "successor",
        "no operation shows one and brings the next",
    ),
    "an id without an answer's body": (
        "{logIn: $response.body#/token}",
        "{work: $response.body#/token}",
        "paths./jobs/{n}.post.responses.200",
        "of what media type",
    ),
    "an operation that is not there": ("carried: {work:", "carried: {wrok:", TOKEN + "carried.wrok", "did you mean 'work'?"),
    "an operation that ends it and is not there": (
        "      within: account",
        "      ended: [logOut]\n      within: account",
        TOKEN + "ended.0",
        "there is no operation 'logOut'",
    ),
    "a guard that is not there": (
        "order: [token, body]",
        "order: [token, bdoy]",
        LIFECYCLE + "order.1",
        "did you mean 'body'?",
    ),
    "a guard twice": ("order: [token, body]", "order: [token, token]", LIFECYCLE + "order.1", "stands here twice"),
    "a kind named like a guard": ("    account:\n", "    rate:\n", LIFECYCLE + "kinds.rate", "is the name of a guard"),
    "a kind that is not there": ("within: account", "within: acount", TOKEN + "within", "did you mean 'account'?"),
    "a circle of two": (
        "      issued: registered\n",
        "      issued: registered\n      within: token\n",
        "x-lifecycle.kinds.account.within",
        "account within token within account is a circle",
    ),
    "a circle of one": ("within: account", "within: token", TOKEN + "within", "token within token is a circle"),
    "a cause without an answer": ("unknown, ended, expired:", "unknown, ended:", TOKEN + "refused", "add a row for 'expired'"),
    "an answer without a cause": (
        "ended, expired:",
        "ended, expired, spent:",
        TOKEN + "refused.unknown, ended, expired, spent",
        "it has no word 'uses'",
    ),
    "a cause that is none": (
        "unknown, ended, expired:",
        "unknown, ended, expried:",
        TOKEN + "refused.unknown, ended, expried",
        "it must be one or more of missing",
    ),
    "reuse that ends a stranger": (
        "      within: account",
        "      reuse: end token\n      within: account",
        TOKEN + "reuse",
        "can end what it is within, 'account'",
    ),
    "no row for a path": (
        "    route: {status: 404, message: no such path}\n",
        "",
        LIFECYCLE + "refused",
        "what 'route' refuses needs the row 'route'",
    ),
    "no row for a size": ("    size: {status: 413, message: too large}\n", "", LIFECYCLE + "refused", "needs the row 'size'"),
    "three rows too few": (
        "    size: {status: 413, message: too large}\n    json: {status: 400, message: not JSON}\n    body:",
        "    bdoy:",
        LIFECYCLE + "refused",
        "what 'body' refuses needs the rows 'size', 'json', 'body'; add the answers",
    ),
    "an injected error of another status": (
        "    media: {",
        "    '503': {status: 502, message: later}\n    media: {",
        LIFECYCLE + "refused.503.status",
        "its status is 503, not 502",
    ),
    "a shape that is not there": (
        "message: no token}",
        "message: no token, shape: eror}",
        TOKEN + "refused.missing",
        "did you mean 'error'?",
    ),
    "a status out of range": (
        "status: 404",
        "status: 99",
        LIFECYCLE + "refused.route.status",
        "it must be a status from 200 to 599",
    ),
    "a status in words": (
        "status: 404",
        "status: missing",
        LIFECYCLE + "refused.route.status",
        "it must be a status from 200 to 599",
    ),
    "a time below 0": ("seconds: 60", "seconds: -1", TOKEN + "ttl.seconds", "it must be a number of seconds above 0"),
    "a time beyond all measure": ("seconds: 60", "seconds: 9999999999", TOKEN + "ttl.seconds", "a number of seconds above 0"),
    "a time that is off": ("seconds: 60", "seconds: off", TOKEN + "ttl.seconds", "or unlimited"),
    "a time that is not a number": ("seconds: 60", "seconds: .nan", TOKEN + "ttl.seconds", "for no bound write unlimited"),
    "no uses": ("      within: account", "      uses: 0\n      within: account", TOKEN + "uses", "a whole number from 1"),
    "half a use": ("      within: account", "      uses: 1.5\n      within: account", TOKEN + "uses", "a whole number from 1"),
    "a duty that is none": ("dead: renew", "dead: renwe", TOKEN + "duty.dead", "is not one of renew, renew from refusal, stop"),
    "a text that is a number": ("noun: token", "noun: 7", TOKEN + "noun", "7 is not a text"),
    "a header of two lines": ("code: none", 'headers: {X: "a\\nb"}', TOKEN + "refused.missing.headers.X", "a text of one line"),
    "a header whose name is none": (
        "code: none",
        "headers: {'X Y': a}",
        TOKEN + "refused.missing.headers.X Y",
        "the name of a header",
    ),
    "an expression that means nothing": ("'{$now}'", "'{$nwo}'", "paths./login.post.responses.200", "did you mean '$now'?"),
    "an expression without an end": ("'{$now}'", "'{$now'", "paths./login.post.responses.200", "has no end"),
    "an expression of a kind that is not there": (
        "'{$now}'",
        "'{$issued.tokn}'",
        "paths./login.post.responses.200",
        "did you mean '$issued.token'?",
    ),
    "an expression of an answer": (
        "message: no token",
        "message: '{$answer.cod}'",
        TOKEN + "refused.missing",
        "did you mean '$answer.code'?",
    ),
    "an expression of a policy": (
        "message: no token",
        "message: '{$policy.token.tt}'",
        TOKEN + "refused.missing",
        "did you mean '$policy.token.ttl'?",
    ),
    "an expression at no place": (
        "'{$now}'",
        "'{$request.body}'",
        "paths./login.post.responses.200",
        "after body comes #/pointer",
    ),
    "an id of a kind that is not there": (
        "'{$now}'",
        "'{$issued.tokn}'",
        "paths./login.post.responses.200",
        "did you mean '$issued.token'?",
    ),
    "an id that no request brings": (
        "'{$now}'",
        "'{$issued.account}'",
        "paths./login.post.responses.200",
        "{$issued.account} means nothing here; did you mean '$issued.token'?",
    ),
    "an id that the request does not show": (
        "'{$now}'",
        "'{$presented.token}'",
        "paths./login.post.responses.200",
        "{$presented.token} means nothing here",
    ),
    "a lifetime that is not there": (
        "'{$now}'",
        "'{$told.token.idle}'",
        "paths./login.post.responses.200",
        "did you mean '$told.token.ttl'?",
    ),
    "a parameter of another path": (
        "'{$now}'",
        "'{$request.path.n}'",
        "paths./login.post.responses.200",
        "{$request.path.n} means nothing here",
    ),
    "a word for errors elsewhere": (
        "'{$now}'",
        "'{$answer.code}'",
        "paths./login.post.responses.200",
        "{$answer.code} means nothing here",
    ),
    "an id elsewhere in a header than it is read": (
        "{logIn: $response.body#/token}",
        "{logIn: $response.header.Location#query/t}",
        "paths./login.post.responses.200",
        "give the response's header Location an example with {$issued.token} there",
    ),
    "another place beside every answer": (
        "{logIn: $response.body#/token}",
        "{logIn: $response.header.A, '*': $response.header.B}",
        TOKEN + "issued.logIn",
        "every answer brings one at $response.header.B",
    ),
    "a schema that is none": (
        "schema: {type: object}",
        "schema: {type: objct}",
        "paths./login.post.requestBody.content.application/json.schema.type",
        "is not a JSON Schema",
    ),
    "a pattern that is none": (
        "schema: {type: object}",
        "schema: {pattern: '('}",
        "paths./login.post.requestBody.content.application/json.schema.pattern",
        "is not a JSON Schema",
    ),
    "an effect by nothing": ("by: work", "by: wrok", "x-effects.job.by", "did you mean 'work'?"),
    "an effect that keeps what it was not given": (
        "keeps: {n:",
        "keeps: {m:",
        "x-effects.job.keeps.m",
        "which `with` does not give",
    ),
    "an effect that a method cannot be called by": ("  job: {by", "  Job: {by", "x-effects.Job", "a name in lower case"),
    "a reference to nothing": (
        "schema: {type: object}",
        "schema: {$ref: '#/components/schema'}",
        "paths./login.post.requestBody.content.application/json.schema",
        "there is no 'schema'",
    ),
    "a reference out of the file": (
        "schema: {type: object}",
        "schema: {$ref: other.yaml}",
        "paths./login.post.requestBody.content.application/json.schema",
        "a declaration is one file",
    ),
    "a reference to itself": (
        "schema: {type: object}",
        "schema: {$ref: '#/paths'}",
        "paths./login.post.requestBody.content.application/json.schema",
        "refers to itself",
    ),
    "a key twice": ("      noun: token\n", "      noun: token\n      noun: token\n", TOKEN + "noun", "stands here twice"),
    "bytes": (
        "info: {title: A toy}",
        "info: {title: A toy}\nx-bytes: !!binary aGk=",
        "x-bytes",
        "JSON has no bytes; write it as text, in quotes",
    ),
    "a key that is not text": (
        "      noun: token\n",
        "      noun: token\n      yes: no\n",
        "x-lifecycle.kinds.token",
        "put it in quotes",
    ),
    "a variant of nothing": (
        "  kinds:\n",
        "  operations:\n    other: {of: wrok}\n  kinds:\n",
        LIFECYCLE + "operations.other.of",
        "did you mean 'work'?",
    ),
    "a variant with an answer that is not there": (
        "  kinds:\n",
        "  operations:\n    work2: {of: work, answer: 202}\n  kinds:\n",
        LIFECYCLE + "operations.work2.answer",
        "it has 200",
    ),
    "two variants alike": (
        "  kinds:\n",
        "  operations:\n    a: {of: work}\n    b: {of: work}\n  kinds:\n",
        LIFECYCLE + "operations.b",
        "'a' takes the same requests",
    ),
    "a variant at no place": (
        "  kinds:\n",
        "  operations:\n    a: {of: work, when: {$request.hedaer.X: 1}}\n  kinds:\n",
        LIFECYCLE + "operations.a.when.$request.hedaer.X",
        "is not a place",
    ),
    "a parameter that the path has not": (
        "$request.header.Authorization#bearer",
        "$request.path.m",
        TOKEN + "carried.work",
        "the path /jobs/{n} has no such parameter; known are n",
    ),
    "a parameter that an effect keeps and the path has not": (
        "keeps: {n: $request.path.n}",
        "keeps: {n: $request.path.m}",
        "x-effects.job.keeps.n",
        "has no such parameter",
    ),
}
