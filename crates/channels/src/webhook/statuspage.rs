//! The body that Statuspage sends to webhook subscribers, for receivers that know that one
//! (support.atlassian.com, "Webhook notifications"; the shape of captured payloads).
use chrono::{DateTime, SecondsFormat, Utc};
use domain::page::{Indicator, short_id};
use serde_json::{Map, Value, json};

use crate::Notice;

/// Translates a notice. What Statuspage has no body for keeps only `meta` and `page`,
/// but whoever is asked to confirm a subscription must be able to.
pub fn body(notice: &Notice<'_>) -> Value {
    let page_id = json!(short_id(notice.page.id));
    let mut body = Map::new();
    let mut put = |name: &str, value: Value| body.insert(name.to_owned(), value);
    put(
        "meta",
        json!({
            "unsubscribe": format!("{}/docs", notice.api_url),
            "documentation": format!("{}/docs", notice.api_url),
            "generated_at": time(notice.event.created_at),
        }),
    );
    put(
        "page",
        json!({
            "id": page_id,
            "status_indicator": notice.event.indicator,
            "status_description": describe(notice.event.indicator),
        }),
    );
    let kind = notice.event.kind.as_str();
    if kind.starts_with("incident.") || kind.starts_with("maintenance.") {
        put("incident", incident(notice.payload, &page_id));
    } else if kind.starts_with("component.") {
        put("component", component(notice.payload, &page_id));
        put("component_update", component_update(notice));
    } else if kind.starts_with("subscription.") {
        put("subscription", notice.payload.clone());
    }
    Value::Object(body)
}

fn component_update(notice: &Notice<'_>) -> Value {
    let component = notice.payload;
    json!({
        "old_status": component["previous_status"],
        "new_status": component["status"],
        "created_at": component["status_since"],
        "component_type": "Component",
        "id": short_id(notice.event.id),
        "component_id": short(&component["id"]),
    })
}

/// A maintenance is an incident with a schedule there.
fn incident(incident: &Value, page_id: &Value) -> Value {
    let scheduled_for = &incident["starts_at"];
    let is_planned = !scheduled_for.is_null();
    let [impact, started_at, resolved_at] = if is_planned {
        [&json!("maintenance"), scheduled_for, &incident["completed_at"]]
    } else {
        ["impact", "started_at", "resolved_at"].map(|it| &incident[it])
    };
    let reminders = incident["remind_before_seconds"].as_array();
    let array = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let updates: Vec<Value> =
        array(&incident["updates"]).iter().map(|it| update(it, &short(&incident["id"]))).collect();
    let components: Vec<Value> =
        array(&incident["components"]).iter().map(|it| component(it, page_id)).collect();
    let postmortem = |field: &str| incident.get("postmortem").and_then(|it| it.get(field));
    let published = postmortem("published_at").unwrap_or(&Value::Null);
    json!({
        "name": incident["title"],
        "status": status(&incident["status"]),
        "created_at": incident["created_at"],
        "updated_at": incident["updated_at"],
        "monitoring_at": incident["monitoring_at"],
        "resolved_at": resolved_at,
        "started_at": started_at,
        "impact": impact,
        "shortlink": incident["url"],
        "postmortem_ignored": false,
        "postmortem_body": postmortem("body"),
        "postmortem_body_last_updated_at": postmortem("updated_at"),
        "postmortem_published_at": published,
        "postmortem_notified_subscribers": !published.is_null(),
        "postmortem_notified_twitter": false,
        "backfilled": false,
        "scheduled_for": scheduled_for,
        "scheduled_until": incident["ends_at"],
        "scheduled_remind_prior": reminders.is_some_and(|it| !it.is_empty()),
        "scheduled_reminded_at": null,
        "impact_override": incident["impact_override"],
        "scheduled_auto_in_progress": incident["auto_start"] == true,
        "scheduled_auto_completed": incident["auto_complete"] == true,
        "id": short(&incident["id"]),
        "page_id": page_id,
        "incident_updates": updates,
        "components": components,
    })
}

/// Ids are those of the public documents in the same format.
fn short(id: &Value) -> Value {
    let id = id.as_str().and_then(|it| it.parse().ok());
    id.map_or(Value::Null, |it| json!(short_id(it)))
}

/// What is called off is completed there.
fn status(status: &Value) -> Value {
    if status == "cancelled" { json!("completed") } else { status.clone() }
}

fn update(update: &Value, incident_id: &Value) -> Value {
    let affected: Vec<Value> = update["components"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|it| {
            json!({
                "code": short(&it["id"]),
                "name": it["name"],
                "old_status": it["old_status"],
                "new_status": it["new_status"],
            })
        })
        .collect();
    json!({
        "status": status(&update["status"]),
        "body": update["message"],
        "created_at": update["created_at"],
        "wants_twitter_update": false,
        "twitter_updated_at": null,
        "updated_at": update["updated_at"],
        "display_at": update["display_at"],
        "affected_components": if affected.is_empty() { Value::Null } else { Value::Array(affected) },
        "custom_tweet": null,
        "deliver_notifications": update["notify"],
        "id": short(&update["id"]),
        "incident_id": incident_id,
    })
}

/// Incidents name their components without describing them: those keep what there is.
fn component(component: &Value, page_id: &Value) -> Value {
    let fields = ["status", "name", "created_at", "updated_at", "position", "description"];
    let fields = fields.into_iter().chain(["showcase", "id", "group_id"]);
    let mut shown: Map<String, Value> =
        fields.filter_map(|name| Some((name.to_owned(), component.get(name)?.clone()))).collect();
    for name in ["id", "group_id"] {
        shown.entry(name).and_modify(|id| *id = short(id));
    }
    shown.insert("page_id".to_owned(), page_id.clone());
    Value::Object(shown)
}

fn describe(indicator: Indicator) -> &'static str {
    match indicator {
        Indicator::None => "All Systems Operational",
        Indicator::Maintenance => "Service Under Maintenance",
        Indicator::Minor => "Minor Service Outage",
        Indicator::Major => "Partial System Outage",
        Indicator::Critical => "Major System Outage",
    }
}

fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{World, maintenance};

    #[test]
    fn a_maintenance_is_an_incident_with_a_schedule() {
        let updates = json!([{ "status": "cancelled", "message": "Not today." }]);
        let mut payload = maintenance("cancelled", &updates);
        payload["auto_start"] = json!(true);
        payload["remind_before_seconds"] = json!([3600]);
        let body = World::new("maintenance.cancelled", payload).tell(body);
        let shown = &body["incident"];
        assert_eq!(shown["name"], "Database upgrade");
        assert_eq!(
            (&shown["status"], &shown["impact"]),
            (&json!("completed"), &json!("maintenance"))
        );
        assert_eq!(shown["scheduled_for"], "2026-11-20T10:20:00Z");
        assert_eq!(shown["scheduled_until"], "2026-11-20T12:00:00Z");
        assert_eq!(shown["scheduled_remind_prior"], true);
        assert_eq!(shown["scheduled_auto_in_progress"], true);
        assert_eq!(shown["scheduled_auto_completed"], false);
        assert_eq!(shown["incident_updates"][0]["status"], "completed");
        assert_eq!(shown["incident_updates"][0]["body"], "Not today.");
    }
}
