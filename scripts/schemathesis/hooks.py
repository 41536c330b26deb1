"""What a run may not do to itself: replay its own keys, and wait for news that do not come."""

import re
import uuid

import schemathesis

KEY = re.compile(r"[A-Za-z0-9._~-]{8,128}")


@schemathesis.hook
def before_call(context, case, kwargs):
    # A generator likes to repeat itself; a repeated key with another request is refused, as documented and tested.
    for name, value in list((case.headers or {}).items()):
        if name.lower() == "idempotency-key" and isinstance(value, str) and KEY.fullmatch(value):
            case.headers[name] = str(uuid.uuid4())
    # Waiting has tests of its own.
    query = case.query or {}
    if str(query.get("wait_s", "")).isdigit() and int(query["wait_s"]) <= 25:
        query["wait_s"] = 0
