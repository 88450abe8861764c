"""What clients of Statuspage's public API v2 rely on: a JSON Schema for each document, with the keys in order."""

PAGE = {"id": "code", "name": "string", "url": "url", "time_zone": "string", "updated_at": "time"}
STATUS = {"indicator": ["none", "minor", "major", "critical", "maintenance"], "description": [
    "All Systems Operational", "Degraded System Service", "Partially Degraded Service", "Minor Service Outage",
    "Partial System Outage", "Major System Outage", "Service Under Maintenance"]}
HEALTH = ["operational", "degraded_performance", "partial_outage", "major_outage", "under_maintenance"]
LEAF = {
    "id": "code", "name": "string", "status": HEALTH, "created_at": "time", "updated_at": "time", "position": "position",
    "description": "string?", "showcase": "boolean", "start_date": "date?", "group_id": "code?", "page_id": "code",
    "group": "boolean", "only_show_if_degraded": "boolean",
}
AFFECTED = {"code": "code", "name": "string", "old_status": HEALTH, "new_status": HEALTH}
STATES = ["investigating", "identified", "monitoring", "resolved", "postmortem"]
PLANNED = ["scheduled", "in_progress", "verifying", "completed"]


def primitive(kind):
    """The schema of a value; `?` at the end allows null."""
    if isinstance(kind, list):
        return {"enum": kind}
    schema = {
        "string": {"type": "string"},
        "boolean": {"type": "boolean"},
        "null": {"type": "null"},
        "position": {"type": "integer", "minimum": 1},
        "code": {"type": "string", "pattern": "^[a-z0-9]{12}$"},
        "url": {"type": "string", "pattern": "^https?://"},
        "time": {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}(Z|[+-]\d\d:\d\d)$"},
        "date": {"type": "string", "pattern": r"^\d{4}-\d\d-\d\d$"},
    }[kind.rstrip("?")]
    return {"anyOf": [schema, {"type": "null"}]} if kind.endswith("?") else schema


def members(fields):
    """An object with exactly these members."""
    properties = {name: kind if isinstance(kind, dict) else primitive(kind) for name, kind in fields.items()}
    return {"type": "object", "properties": properties, "required": list(fields), "additionalProperties": False}


def list_of(schema, **limits):
    return {"type": "array", "items": schema, **limits}


def incident(states, impacts, **more):
    update = members({
        "id": "code", "status": states, "body": "string", "incident_id": "code", "created_at": "time",
        "updated_at": "time", "display_at": "time",
        "affected_components": {"anyOf": [list_of(members(AFFECTED), minItems=1), {"type": "null"}]},
        "deliver_notifications": "boolean", "custom_tweet": "null", "tweet_id": "null",
    })
    return members({
        "id": "code", "name": "string", "status": states, "created_at": "time", "updated_at": "time",
        "monitoring_at": "time?", "resolved_at": "time?", "impact": impacts, "shortlink": "url", "started_at": "time",
        "page_id": "code", "incident_updates": list_of(update, minItems=1), "components": list_of(members(LEAF)),
        "reminder_intervals": "null", **more,
    })


GROUP = members({**LEAF, "components": list_of(primitive("code"))})
GROUP["properties"]["group"] = {"const": True}
COMPONENTS = list_of({"if": {"properties": {"group": {"const": True}}}, "then": GROUP, "else": members(LEAF)})
INCIDENT = incident(STATES, ["none", "minor", "major", "critical"])
MAINTENANCE = incident(PLANNED, ["maintenance"], scheduled_for="time", scheduled_until="time")


def only(schema, states):
    return {"allOf": [schema, {"properties": {"status": {"enum": states}}}]}


OPEN = only(INCIDENT, STATES[:3])
DOCUMENTS = {
    "summary": {"page": members(PAGE), "components": COMPONENTS, "incidents": list_of(OPEN),
                "scheduled_maintenances": list_of(only(MAINTENANCE, PLANNED[:3])), "status": members(STATUS)},
    "status": {"page": members(PAGE), "status": members(STATUS)},
    "components": {"page": members(PAGE), "components": COMPONENTS},
    "incidents": {"page": members(PAGE), "incidents": list_of(INCIDENT, maxItems=50)},
    "unresolved": {"page": members(PAGE), "incidents": list_of(OPEN)},
    "scheduled-maintenances": {"page": members(PAGE), "scheduled_maintenances": list_of(MAINTENANCE, maxItems=50)},
    "upcoming": {"page": members(PAGE), "scheduled_maintenances": list_of(only(MAINTENANCE, PLANNED[:1]))},
    "active": {"page": members(PAGE), "scheduled_maintenances": list_of(only(MAINTENANCE, PLANNED[1:3]))},
}


def in_order(schema, value, path="$"):
    """Fails unless the members of every object come in the order of its schema."""
    for part in [schema, *schema.get("allOf", []), *schema.get("anyOf", [])]:
        if isinstance(value, dict) and "properties" in part and part.get("additionalProperties") is False:
            names = [name for name in part["properties"] if name in value]
            assert list(value) == names, f"{path}: {list(value)} is not {names}"
            for name, inner in part["properties"].items():
                in_order(inner, value[name], f"{path}.{name}")
        if isinstance(value, list) and "items" in part:
            for index, item in enumerate(value):
                inner = part["items"]
                if "if" in inner:
                    inner = inner["then"] if item.get("group") else inner["else"]
                in_order(inner, item, f"{path}[{index}]")
