"""What Schemathesis cannot know of this API: answers that are right although the request fits the schema."""

import itertools

import schemathesis
from schemathesis.core.failures import AcceptedNegativeData, ServerError
from schemathesis.openapi.checks import EnsureResourceAvailability, RejectedPositiveData, UseAfterFree

# Rules that JSON Schema has no words for, each with its own problem type. `urn:problem:invalid-request` is not among
# them: that one says that the schema itself refuses, so a request that fits the document must never get it.
RULES = {
    "urn:problem:invalid-customer": 422,  # Luhn, one address of each type, a card that is not held
    "urn:problem:invalid-order": 422,  # one currency
    "urn:problem:unknown-customer": 422,
    "urn:problem:no-shipping-address": 422,
    "urn:problem:idempotency-key-reused": 422,
    "urn:problem:invalid-cursor": 400,  # a cursor is opaque, and of one list
    "urn:problem:customer-erased": 410,
    "urn:problem:gone": 410,  # the response that an Idempotency-Key remembered was erased
    "urn:problem:url-too-long": 414,  # the whole URL has a limit, and the schema only those of its parameters
    "urn:problem:stale": 412,  # any If-Match is well formed enough to match nothing
}

# For a URL or for header fields that are too long as a whole; `default` is about them.
TOO_LONG = (414, 431)


@schemathesis.hook
def before_load_schema(context, raw_schema):
    """The process that is fuzzed lets everybody in (AUTH_MODE=none); test/authentication.unit.spec.ts is about the other."""
    for operations in raw_schema["paths"].values():
        for operation in operations.values():
            operation.pop("security", None)


calls = itertools.count()


@schemathesis.hook
def before_call(context, case, kwargs):
    """A made-up cursor or If-Match is well formed and ends in 400 or 412: with one in each request, nothing else is tried."""
    if case.meta is None or not case.meta.generation.mode.is_positive or next(calls) % 3 == 0:
        return
    if case.query:
        case.query.pop("cursor", None)
    if case.headers and "If-Match" in case.headers:
        case.headers["If-Match"] = "*"


@schemathesis.hook
def filter_failure(context, failure, case, response):
    if isinstance(failure, RejectedPositiveData):
        if only_card_numbers(response):
            return False
        return RULES.get(problem_type(response)) != response.status_code
    if isinstance(failure, AcceptedNegativeData):
        # Refused all the same: too long a parameter may be too long for the server, before anything reads it.
        return response.status_code not in TOO_LONG
    if isinstance(failure, UseAfterFree):
        # http-api.md: the history of an erased customer remains; it names no person. Its erasure is attested.
        return not case.path.endswith(("/history", "/erasure"))
    if isinstance(failure, EnsureResourceAvailability):
        # A customer who was just registered is not erased.
        return not case.path.endswith("/erasure")
    if isinstance(failure, ServerError):
        return not says_that_a_version_has_not_arrived(case, response)
    return True


def only_card_numbers(response):
    """JSON Schema has no words for a check digit, and any text may have digits with a valid one."""
    errors = response.json().get("errors", []) if response.status_code == 422 else []
    return bool(errors) and all(error["message"] == "must not contain a card number" for error in errors)


def says_that_a_version_has_not_arrived(case, response):
    """http-api.md: a copy that is behind the version asked for is 503 with Retry-After."""
    body = case.body if isinstance(case.body, dict) else {}
    asked = "minVersion" in (case.query or {}) or "minCustomerVersion" in body
    return (
        asked
        and response.status_code == 503
        and "retry-after" in response.headers
        and problem_type(response) == "urn:problem:unavailable"
    )


@schemathesis.check
def every_status_is_documented(ctx, response, case):
    """The document has a `default` answer, by which the built-in check takes any status for documented."""
    documented = case.operation.definition.raw["responses"]
    assert str(response.status_code) in documented or response.status_code in (405, *TOO_LONG), "a status that only `default` covers"


@schemathesis.check
def problems_are_rfc_9457(ctx, response, case):
    """The status is in the body too, and nothing of the inside is."""
    if response.status_code < 400:
        return
    assert response.headers["content-type"] == ["application/problem+json"], "not a problem"
    if case.method.upper() != "HEAD":
        assert response.json()["status"] == response.status_code, "another status in the body"
    text = response.content.decode()
    assert "node_modules" not in text and "\\n    at " not in text, "a stack trace"


def problem_type(response):
    try:
        return response.json().get("type")
    except ValueError:
        return None
