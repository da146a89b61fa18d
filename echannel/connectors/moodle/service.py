"""Moodle's web service: functions called by name, the token in the body, errors with a good status.

Shapes: Moodle's own source (``webservice/rest``, ``completion/classes/external.php``,
``grade/report/user/classes/external/user.php``, ``badges/classes/external.php``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from echannel.connectors.base import SourceContext
from echannel.connectors.http import Answer, Api, Limits, Request, SourceError
from echannel.errors import UserError

PATH = "webservice/rest/server.php"
SITE, COURSES = "core_webservice_get_site_info", "core_course_get_courses"
PEOPLE, PROGRESS = "core_enrol_get_enrolled_users", "core_completion_get_activities_completion_status"
GRADES, BADGES = "gradereport_user_get_grade_items", "core_badges_get_user_badges"
FUNCTIONS: dict[str, str] = {
    SITE: "",
    COURSES: "moodle/course:view, moodle/course:viewhiddencourses",
    PEOPLE: "moodle/course:viewparticipants",
    PROGRESS: "report/progress:view",
    GRADES: "gradereport/user:view, moodle/grade:viewall",
    BADGES: "moodle/badges:viewotherbadges",
}
"""What is called, and the capabilities that the token's user needs for it."""
NEEDED = (SITE, COURSES, PEOPLE)

_TOKEN = {"invalidtoken", "invalidtimedtoken", "invalidiptoken", "tokennotfound", "servicerequireslogin"}
_ACCOUNT = {
    *("wsaccessuserdeleted", "wsaccessuserunconfirmed", "wsaccessusersuspended"),
    *("wsaccessuserexpired", "wsaccessusernologin", "forcepasswordchangenotice", "sitepolicynotagreed"),
}
_RIGHTS = {
    *("nopermissions", "nopermission", "nopermissiontoviewgrades", "nopermissiontoviewletergrade"),
    *("requireloginerror", "errorcoursecontextnotvalid", "accessdenied", "notingroup", "cannotviewreport"),
}
_CLOSED = {"sitemaintenance", "upgraderunning"}


class Service:
    """One Moodle's web service."""

    def __init__(self, options: Mapping[str, Any], context: SourceContext, limits: Limits) -> None:
        address = str(options.get("address") or "").strip().rstrip("/")
        token = context.secrets.get("token")
        if not address:
            raise UserError("moodle.error.no_address", source=context.source_id)
        if token is None:
            raise UserError("moodle.error.no_token", source=context.source_id)
        self._token = token
        self.api = Api(address, context, options=options, limits=limits, explain=_explain)

    def call(self, function: str, **parameters: Any) -> Any:
        """What a function gives back.

        Raises
        ------
        SourceError
            Also where Moodle says with a good status that something went wrong.
        """
        form = {
            "wstoken": self._token.get_secret_value().strip(),
            "wsfunction": function,
            "moodlewsrestformat": "json",
            **flat(parameters),
        }
        answer = self.api.send(Request(PATH, method="POST", form=form))
        said = answer.json()
        if isinstance(said, dict) and "exception" in said:
            raise refusal(answer, function, str(said.get("errorcode") or ""))
        if not isinstance(said, list if function in (COURSES, PEOPLE) else dict):
            raise misshapen(answer, function)
        return said


def flat(value: Any, name: str = "") -> dict[str, Any]:
    """Nested parameters as PHP reads them from a form: ``options[0][name]``."""
    if isinstance(value, Mapping):
        pairs = [(f"{name}[{key}]" if name else str(key), one) for key, one in value.items()]
    elif isinstance(value, list | tuple):
        pairs = [(f"{name}[{place}]", one) for place, one in enumerate(value)]
    else:
        return {name: value}
    return {key: inner for part, one in pairs for key, inner in flat(one, part).items()}


def refusal(answer: Answer, function: str, code: str) -> SourceError:
    """What an error code means. Moodle's own sentence is left out: it may name people."""
    if code in _TOKEN:
        return answer.failure("unauthorised", "moodle.error.token")
    if code in _ACCOUNT:
        return answer.failure("unauthorised", "moodle.error.account", code=code)
    if code in ("accessexception", "servicenotavailable"):
        return answer.failure("forbidden", "moodle.error.function", function=function)
    if code in _RIGHTS:
        values = {"function": function, "capabilities": FUNCTIONS[function]}
        return answer.failure("forbidden", "moodle.error.capability", **values)
    if code in _CLOSED:
        return answer.failure("maintenance", "moodle.error.closed")
    return answer.failure("request", "moodle.error.refused", function=function, code=code or "–")


def misshapen(answer: Answer, function: str) -> SourceError:
    """An answer that is no list of rows, or no record, where Moodle gives one."""
    return answer.failure("request", "moodle.error.shape", function=function)


def _explain(answer: Answer) -> SourceError | None:
    # server.php answers 403 and nothing else while the protocol is off.
    if answer.status == 403 and not answer.content.strip():
        return answer.failure("forbidden", "moodle.error.switched_off")
    return None
