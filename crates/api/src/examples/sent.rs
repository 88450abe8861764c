//! What callers send.
use serde_json::{Value, json};

use super::{at, id};

/// Bodies that callers send; all of them are accepted as they stand, given that what they name
/// exists.
pub fn all() -> impl Iterator<Item = (&'static str, Value)> {
    about_the_page().into_iter().chain(about_people())
}

/// Bodies about the page and what goes wrong.
fn about_the_page() -> Vec<(&'static str, Value)> {
    vec![
        ("NewComponent", json!({ "name": "API", "description": "The public API" })),
        ("ComponentPatch", json!({ "reported_status": "degraded_performance" })),
        ("NewGroup", json!({ "name": "Platform" })),
        ("GroupPatch", json!({ "collapsed": true })),
        ("Order", json!({ "ids": [id(1)] })),
        (
            "NewIncident",
            json!({
                "title": "API errors",
                "message": "We see elevated error rates and are **investigating**.",
                "components": [{ "slug": "api", "status": "partial_outage" }],
                "dedup_key": "api-5xx",
            }),
        ),
        ("NamedComponent", json!({ "slug": "api", "status": "partial_outage" })),
        ("IncidentPatch", json!({ "title": "API errors in Europe", "pinned": true })),
        (
            "NewUpdate",
            json!({ "status": "identified", "message": "A deploy is being rolled back." }),
        ),
        ("UpdatePatch", json!({ "message": "A faulty deploy is being rolled back." })),
        ("NewPostmortem", json!({ "body": "## What happened\n\n…", "published": true })),
        (
            "NewIncidentTemplate",
            json!({
                "name": "API errors",
                "title": "API errors in {{ region }}",
                "message": "We see elevated error rates in **{{ region }}** and are investigating.",
                "components": [{ "slug": "api", "status": "partial_outage" }],
            }),
        ),
        ("IncidentTemplatePatch", json!({ "title": "Errors of the API in {{ region|upper }}" })),
        (
            "NewMaintenance",
            json!({
                "title": "Database upgrade",
                "message": "The API will be **read-only** for some minutes.",
                "components": [{ "slug": "api" }],
                "starts_at": at(10_000),
                "ends_at": at(10_060),
                "remind_before_seconds": [86400, 3600],
            }),
        ),
        ("PlannedComponent", json!({ "slug": "api", "status": "degraded_performance" })),
        ("MaintenancePatch", json!({ "ends_at": at(10_090) })),
        ("NewMaintenanceUpdate", json!({ "status": "in_progress", "message": "We have begun." })),
        ("MaintenanceUpdatePatch", json!({ "message": "We began a little earlier." })),
        (
            "NewMessageTemplate",
            json!({
                "channel": "telegram",
                "event": "incident.created",
                "locale": "pt-BR",
                "body": "Investigamos um problema.",
            }),
        ),
        ("MessageTemplatePatch", json!({ "body": "Estamos investigando um problema." })),
    ]
}

/// Bodies about who is told, and who may do what.
fn about_people() -> Vec<(&'static str, Value)> {
    vec![
        (
            "NewSubscription",
            json!({
                "channel": "webhook",
                "label": "On-call",
                "config": { "url": "https://hooks.example.org/farol" },
                "filter": { "min_impact": "major" },
            }),
        ),
        ("SubscriptionPatch", json!({ "state": "paused" })),
        ("Recovery", json!({ "since": at(0) })),
        (
            "SubscribeRequest",
            json!({ "channel": "webhook", "config": { "url": "https://hooks.example.org/farol" } }),
        ),
        (
            "WhatsappReports",
            json!({
                "object": "whatsapp_business_account",
                "entry": [{
                    "id": "5467539754836534",
                    "changes": [{
                        "field": "messages",
                        "value": {
                            "messaging_product": "whatsapp",
                            "statuses": [{ "id": "wamid.OUT1", "status": "delivered" }],
                        },
                    }],
                }],
            }),
        ),
        ("OwnSubscriptionPatch", json!({ "state": "paused" })),
        ("Erasure", json!({ "address": "ana@example.org" })),
        ("Login", json!({ "email": "ana@example.org", "password": "correct horse battery" })),
        ("Refresh", json!({ "refresh_token": "Yb2p…" })),
        (
            "NewPassword",
            json!({
                "current_password": "correct horse battery",
                "new_password": "staple correct horse",
            }),
        ),
        (
            "NewUser",
            json!({
                "email": "ana@example.org",
                "name": "Ana",
                "role": "responder",
                "password": "correct horse battery",
            }),
        ),
        ("UserPatch", json!({ "role": "admin" })),
        ("NewToken", json!({ "name": "Prometheus", "scopes": ["incidents"] })),
    ]
}
