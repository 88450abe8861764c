//! What comes back.
use domain::caller::Visibility;
use publication::statuspage::{Components, Incidents, Maintenances, ShortStatus, Summary};
use publication::{HistoryDocument, StatusDocument, View};
use serde_json::{Value, json};

use super::{
    component, credential, delivery, group, incident, interval, log, maintenance, own_subscription,
    past, snapshot, subscription, template, token, update, uptime, user,
};

/// Bodies that come back.
pub fn all() -> impl Iterator<Item = (&'static str, Value)> {
    about_the_page().into_iter().chain(about_people())
}

/// Bodies about the page and what goes wrong.
fn about_the_page() -> Vec<(&'static str, Value)> {
    let view = View::of(&snapshot(), Visibility::Public);
    let planned = view.maintenances.iter();
    vec![
        ("StatusDocument", json!(StatusDocument::of(&view))),
        ("StreamEvent", json!(log::streamed())),
        ("HistoryMonth", json!(HistoryDocument::of(&view.page, &past()))),
        ("StatuspageSummary", json!(Summary::of(&view))),
        ("StatuspageShortStatus", json!(ShortStatus::of(&view))),
        ("StatuspageComponents", json!(Components::of(&view))),
        ("StatuspageIncidents", json!(Incidents::unresolved(&view))),
        ("StatuspageMaintenances", json!(Maintenances::among(&view, planned))),
        ("Uptime", json!(uptime::uptime())),
        ("IncidentReport", json!(uptime::report())),
        ("Component", json!(component())),
        ("ComponentList", list(json!(component()))),
        ("Group", json!(group())),
        ("GroupList", list(json!(group()))),
        ("History", json!({ "intervals": [interval()] })),
        ("Incident", json!(incident())),
        ("IncidentUpdate", json!(update())),
        ("IncidentList", list(json!(incident()))),
        ("IncidentTemplate", json!(template::incident_template())),
        ("IncidentTemplateList", list(json!(template::incident_template()))),
        ("IncidentPreview", json!(template::preview())),
        ("Maintenance", json!(maintenance::maintenance())),
        ("MaintenanceWithWarnings", maintenance::with_warnings()),
        ("MaintenanceUpdate", json!(maintenance::update())),
        ("MaintenanceList", list(json!(maintenance::maintenance()))),
        ("Calendar", json!(maintenance::calendar())),
        ("MessageTemplate", json!(template::message_template())),
        ("MessageTemplateList", list(json!(template::message_template()))),
        ("Event", json!(log::event())),
        ("EventList", list(json!(log::event()))),
        ("EventWithPayload", json!(log::event_with_payload())),
    ]
}

/// Bodies about who is told, and who may do what.
fn about_people() -> Vec<(&'static str, Value)> {
    let session = json!({
        "access_token": "eyJhbGciOiJIUzI1NiIsImtpZCI6IjFhMmIzYzRkIn0…",
        "token_type": "Bearer",
        "expires_in": 600,
        "refresh_token": "Yb2p…",
    });
    vec![
        ("Subscription", json!(subscription())),
        ("SubscriptionList", list(json!(subscription()))),
        (
            "SubscriptionWithSecret",
            with(json!(subscription()), "secret", "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"),
        ),
        ("Recovered", json!({ "enqueued": 3 })),
        ("OwnSubscription", json!(own_subscription())),
        ("LinkPreview", json!({ "action": "confirm", "subscription": own_subscription() })),
        ("Erased", json!({ "erased": 1 })),
        (
            "ImportReport",
            json!({
                "created": 41,
                "existing": 1,
                "invalid": [{ "line": 7, "code": "email", "detail": "must be an e-mail address" }],
            }),
        ),
        ("Delivery", json!(delivery())),
        ("DeliveryList", list(json!(delivery()))),
        ("Credential", json!(credential())),
        ("CredentialList", list(json!(credential()))),
        ("Session", session),
        ("Me", json!({ "user": user(), "token_id": null, "scopes": ["admin"] })),
        ("User", json!(user())),
        ("UserList", list(json!(user()))),
        ("Token", json!(token())),
        ("TokenList", list(json!(token()))),
        (
            "CreatedToken",
            with(json!(token()), "token", "farol_0123456789ABCDEFGHIJKLMNOPQRSTUV1a2B3c"),
        ),
        ("Health", json!({ "status": "ok" })),
        (
            "ProblemKind",
            json!({
                "type": "/problems/not-found",
                "title": "No such thing",
                "status": 404,
                "explanation": "There is nothing at this address.",
            }),
        ),
    ]
}

/// A page of a list.
fn list(item: Value) -> Value {
    json!({ "data": [item], "page": { "limit": 50, "next_cursor": null } })
}

/// The thing with one member more.
fn with(mut it: Value, name: &str, value: &str) -> Value {
    if let Some(members) = it.as_object_mut() {
        members.insert(name.to_owned(), json!(value));
    }
    it
}
