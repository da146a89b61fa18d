"""What the webservice refuses, in its own codes, and what each means for whoever can put it right."""

from __future__ import annotations

import re

from echannel.connectors.http import Answer, SourceError
from echannel.connectors.prestashop.parsing import UnreadableError, content_of, errors_of

KEY_FORMAT, KEY_INACTIVE, KEY_WITHOUT_RIGHTS = 18, 20, 21
SWITCHED_OFF, METHOD, RESOURCE_DENIED, RESOURCE_UNKNOWN = 22, 25, 26, 27
NO_SUCH_FIELD = 35
_NAMED = re.compile(r'"([a-z_0-9]+)')


def explain(answer: Answer) -> SourceError | None:
    """What a refusal means, where the webservice says it by a code; None: the status says it all."""
    codes = codes_of(answer)
    if answer.status == 401:
        return _unauthorised(answer, codes)
    if SWITCHED_OFF in codes:
        return answer.failure("forbidden", "prestashop.error.switched_off")
    if RESOURCE_UNKNOWN in codes:
        return answer.failure("not_found", "prestashop.error.no_resource", resource=_resource(answer))
    if METHOD in codes:
        return answer.failure("method", "prestashop.error.no_right", resource=_resource(answer))
    if answer.status == 500 and not answer.content.strip():
        # Mostly too many rows for the shop's memory: the same again would fail again.
        return answer.failure("request", "prestashop.error.empty_500", resource=_resource(answer))
    if NO_SUCH_FIELD in codes:
        field = unknown_field(codes[NO_SUCH_FIELD])
        return answer.failure("request", "prestashop.error.no_field", resource=_resource(answer), field=field)
    if codes:
        return answer.failure("request", "prestashop.error.request", code=str(min(codes)))
    return None


def _unauthorised(answer: Answer, codes: dict[int, str]) -> SourceError:
    if RESOURCE_DENIED in codes:
        return answer.failure("forbidden", "prestashop.error.no_right", resource=_resource(answer))
    if KEY_FORMAT in codes:
        return answer.failure("unauthorised", "prestashop.error.key_format")
    if KEY_INACTIVE in codes:
        return answer.failure("unauthorised", "prestashop.error.key_unknown")
    if KEY_WITHOUT_RIGHTS in codes:
        return answer.failure("unauthorised", "prestashop.error.key_without_rights")
    # No code: the shop saw no key at all, though one was sent.
    return answer.failure("unauthorised", "prestashop.error.key_lost")


def codes_of(answer: Answer) -> dict[int, str]:
    """The errors that an answer names, by code."""
    try:
        return errors_of(content_of(answer.content))
    except UnreadableError:
        return {}


def unknown_field(message: str) -> str:
    """The field that a shop says it cannot display."""
    found = _NAMED.search(message)
    return found.group(1) if found else ""


def _resource(answer: Answer) -> str:
    return answer.path.rstrip("/").rpartition("/")[2]
