use domain::caller::Visibility;
use domain::incident;
use domain::page::Snapshot;
use serde_json::{Value, json};

use super::*;
use crate::testing::{self, at, id};

fn value(document: impl Serialize) -> Value {
    serde_json::to_value(document).unwrap()
}

fn view(snapshot: &Snapshot) -> View {
    View::of(snapshot, Visibility::Public)
}

/// One group with one component, which an incident made partially unavailable.
fn furnished() -> Snapshot {
    let group = testing::group(1, "EU");
    let api = domain::component::Component {
        status: Status::PartialOutage,
        ..testing::component(2, "API", Some(&group))
    };
    let incident = testing::incident(3, "API errors", &[&api]);
    Snapshot {
        groups: vec![group.into()],
        incidents: vec![incident.into()],
        maintenances: vec![testing::maintenance(4, "Upgrade", &[&api]).into()],
        later: vec![testing::maintenance(5, "Move", &[]).into()],
        components: vec![api.into()],
        ..testing::snapshot()
    }
}

/// Compared as text, because keys have an order.
#[test]
fn the_summary_is_as_captured() {
    let leaf = json!({"id": "000000000002", "name": "API", "status": "partial_outage",
        "created_at": "2026-02-01T07:20:00.000Z", "updated_at": "2026-02-01T09:00:00.000Z", "position": 1,
        "description": "Public API", "showcase": true, "start_date": "2026-01-01", "group_id": "000000000001",
        "page_id": "00000000aaaa", "group": false, "only_show_if_degraded": false});
    let expected = json!({
        "page": {"id": "00000000aaaa", "name": "Acme", "url": "https://status.acme.test",
            "time_zone": "Etc/UTC", "updated_at": "2026-02-01T10:00:00.000Z"},
        "components": [
            {"id": "000000000001", "name": "EU", "status": "partial_outage",
             "created_at": "2026-02-01T07:20:00.000Z", "updated_at": "2026-02-01T09:00:00.000Z", "position": 1,
             "description": null, "showcase": false, "start_date": null, "group_id": null,
             "page_id": "00000000aaaa", "group": true, "only_show_if_degraded": false,
             "components": ["000000000002"]},
            leaf],
        "incidents": [{"id": "000000000003", "name": "API errors", "status": "identified",
            "created_at": "2026-02-01T09:00:00.000Z", "updated_at": "2026-02-01T09:30:00.000Z",
            "monitoring_at": null, "resolved_at": null, "impact": "major",
            "shortlink": "https://status.acme.test/incidents/3", "started_at": "2026-02-01T09:00:00.000Z",
            "page_id": "00000000aaaa",
            "incident_updates": [{"id": "0000000003eb", "status": "identified",
                "body": "API errors: cause found.", "incident_id": "000000000003",
                "created_at": "2026-02-01T09:30:00.000Z", "updated_at": "2026-02-01T09:30:00.000Z",
                "display_at": "2026-02-01T09:30:00.000Z",
                "affected_components": [{"code": "000000000002", "name": "EU - API",
                    "old_status": "operational", "new_status": "partial_outage"}],
                "deliver_notifications": true, "custom_tweet": null, "tweet_id": null}],
            "components": [leaf], "reminder_intervals": null}],
        "scheduled_maintenances": [],
        "status": {"indicator": "major", "description": "Partial System Outage"}});
    let mut summary = value(Summary::of(&view(&furnished())));
    let planned = summary["scheduled_maintenances"].take();
    summary["scheduled_maintenances"] = json!([]);
    assert_eq!(summary.to_string(), expected.to_string());
    let keys = |it: &Value| it.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    let mut of_incident = keys(&summary["incidents"][0]);
    of_incident.extend(["scheduled_for".to_owned(), "scheduled_until".to_owned()]);
    assert_eq!(keys(&planned[0]), of_incident);
    assert_eq!(planned[1]["impact"], "maintenance");
    assert_eq!(planned[1]["incident_updates"][0]["affected_components"], Value::Null);
}

#[test]
fn planned_work_comes_in_its_own_documents() {
    let mut snapshot = furnished();
    let mut now = testing::maintenance(6, "Now", &[]);
    now.status = maintenance::Status::Verifying;
    now.starts_at = at(0);
    snapshot.maintenances.push(now.into());
    let view = view(&snapshot);
    let names = |it: Value| -> Vec<String> {
        let planned = it["scheduled_maintenances"].as_array().unwrap();
        planned.iter().map(|it| it["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names(value(Summary::of(&view))), ["Move", "Upgrade", "Now"]);
    assert_eq!(names(value(Maintenances::upcoming(&view))), ["Move", "Upgrade"]);
    assert_eq!(names(value(Maintenances::active(&view))), ["Now"]);
}

#[test]
fn a_published_postmortem_is_a_state() {
    let mut incident = testing::incident(7, "Over", &[]);
    incident.status = incident::Status::Resolved;
    incident.postmortem = Some(testing::postmortem("Why", Some(at(90))));
    let shown = value(Incidents::among(&view(&testing::snapshot()), &[incident]));
    let shown = &shown["incidents"][0];
    assert_eq!(shown["status"], "postmortem");
    let [first, second] = shown["incident_updates"].as_array().unwrap().as_slice() else {
        panic!()
    };
    assert_eq!((&first["status"], &first["body"]), (&json!("postmortem"), &json!("Why")));
    assert_eq!(second["status"], "identified");
    assert_ne!(first["id"], second["id"]);
}

#[test]
fn clients_that_do_not_know_maintenance_are_spared_the_word() {
    let mut snapshot = furnished();
    snapshot.components = vec![
        domain::component::Component {
            status: Status::UnderMaintenance,
            ..testing::component(2, "API", None)
        }
        .into(),
    ];
    assert_eq!(value(ShortStatus::of(&view(&snapshot)))["status"]["indicator"], "maintenance");
    snapshot.says_maintenance = false;
    let status = value(ShortStatus::of(&view(&snapshot)));
    assert_eq!(status["status"]["indicator"], "none");
    assert_eq!(status["status"]["description"], "Service Under Maintenance");
}

#[test]
fn times_are_in_the_zone_of_the_page() {
    let mut snapshot = testing::snapshot();
    "America/Los_Angeles".clone_into(&mut snapshot.page.time_zone);
    let shown = value(ShortStatus::of(&view(&snapshot)));
    assert_eq!(shown["page"]["updated_at"], "2026-02-01T02:00:00.000-08:00");
    assert_eq!(short_id(id(0xabc)), "000000000abc");
}
