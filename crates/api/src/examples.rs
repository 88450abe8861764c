//! Examples in the document: of what is sent by hand, of what comes back from the real types.
mod answered;
mod log;
mod maintenance;
mod sent;
mod template;
mod uptime;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use domain::caller::{Role, Scope, Visibility};
use domain::component::{Component, Status};
use domain::credential::{Credential, State as CredentialState};
use domain::delivery::{Attempt, Delivery, Outcome, State};
use domain::event::Announcement;
use domain::group::Group;
use domain::history::{Month, Past};
use domain::incident::{Impact, Incident, Status as Stage, Update};
use domain::ledger::{Cause, Interval};
use domain::page::{Page, Snapshot};
use domain::subscription::{
    Filter, Origin, OwnSubscription, State as SubscriptionState, Subscription,
};
use domain::timeline::{Affected, UpdatedComponent};
use domain::token::Token;
use domain::uptime::Percent;
use domain::user::User;
use serde_json::{Map, json};
use utoipa::openapi::schema::Schema;
use utoipa::openapi::{OpenApi, RefOr};
use uuid::Uuid;

/// Puts an example to every body that has one.
pub fn add(document: &mut OpenApi) {
    let components = document.components.get_or_insert_default();
    for (name, example) in sent::all().chain(answered::all()) {
        let Some(RefOr::T(schema)) = components.schemas.get_mut(name) else { continue };
        match schema {
            Schema::Object(object) => object.example = Some(example),
            Schema::AllOf(all) => all.example = Some(example),
            _ => {}
        }
    }
}

fn id(n: u128) -> Uuid {
    Uuid::from_u128(0x0199_f3a0_0000_7000_8000_0000_0000_0000 + n)
}

fn at(minutes: i64) -> DateTime<Utc> {
    let begin = DateTime::from_timestamp(1_795_000_000, 0).unwrap_or_default();
    begin + chrono::Duration::minutes(minutes)
}

fn component() -> Component {
    Component {
        id: id(1),
        slug: "api".to_owned(),
        name: "API".to_owned(),
        description: Some("The public API".to_owned()),
        group_id: Some(id(2)),
        position: 1,
        visibility: Visibility::Public,
        reported_status: Status::Operational,
        status: Status::PartialOutage,
        status_since: at(10),
        start_date: None,
        uptime_target: Percent::parse("99.95"),
        showcase: true,
        only_show_if_degraded: false,
        link: None,
        metadata: Map::new(),
        version: 2,
        created_at: at(0),
        updated_at: at(10),
    }
}

fn group() -> Group {
    Group {
        id: id(2),
        slug: "platform".to_owned(),
        name: "Platform".to_owned(),
        description: None,
        position: 1,
        collapsed: false,
        visibility: Visibility::Public,
        status: Status::PartialOutage,
        version: 2,
        created_at: at(0),
        updated_at: at(0),
    }
}

fn interval() -> Interval {
    Interval {
        status: Status::PartialOutage,
        from: at(10),
        to: None,
        cause: Cause::Incident,
        incident_id: Some(id(3)),
        maintenance_id: None,
        actor: None,
    }
}

fn update() -> Update {
    let message = "We see elevated error rates and are **investigating**.".to_owned();
    Update {
        id: id(4),
        status: Stage::Investigating,
        message,
        message_html: "<p>We see elevated error rates and are <strong>investigating</strong>.</p>"
            .to_owned(),
        components: vec![UpdatedComponent {
            id: id(1),
            slug: "api".to_owned(),
            name: "API".to_owned(),
            old_status: Status::Operational,
            new_status: Status::PartialOutage,
            visibility: Visibility::Public,
        }],
        notify: true,
        display_at: at(10),
        author: None,
        created_at: at(10),
        updated_at: at(10),
    }
}

fn incident() -> Incident {
    Incident {
        id: id(3),
        number: 7,
        title: "API errors".to_owned(),
        status: Stage::Investigating,
        impact: Impact::Major,
        impact_override: None,
        visibility: Visibility::Public,
        components: vec![Affected {
            id: id(1),
            slug: "api".to_owned(),
            name: "API".to_owned(),
            status: Status::PartialOutage,
            visibility: Visibility::Public,
        }],
        updates: vec![update()],
        started_at: at(10),
        identified_at: None,
        monitoring_at: None,
        resolved_at: None,
        duration_seconds: None,
        dedup_key: None,
        source: None,
        pinned: false,
        metadata: Map::new(),
        postmortem: None,
        url: "https://status.example.org/incidents/7".to_owned(),
        version: 1,
        created_at: at(10),
        updated_at: at(10),
    }
}

fn snapshot() -> Snapshot {
    Snapshot {
        page: Page {
            id: id(5),
            name: "Example".to_owned(),
            url: "https://status.example.org".to_owned(),
            time_zone: "Etc/UTC".to_owned(),
        },
        public_version: 12,
        internal_version: 15,
        groups: vec![group().into()],
        components: vec![component().into()],
        incidents: vec![incident().into()],
        maintenances: vec![maintenance::maintenance().into()],
        later: Vec::new(),
        says_maintenance: true,
        taken_at: at(11),
        public_updated_at: at(10),
        internal_updated_at: at(10),
    }
}

fn past() -> Past {
    let day = at(10).date_naive();
    Past {
        month: Month::of(day),
        zone: Tz::Etc__UTC,
        last_day: Month::of(day).first(),
        next_day: None,
        is_first: true,
        is_over: false,
        incidents: vec![incident()],
        maintenances: Vec::new(),
        is_cut: false,
    }
}

fn subscription() -> Subscription {
    Subscription {
        id: id(6),
        channel: "webhook".to_owned(),
        label: Some("On-call".to_owned()),
        config: json!({ "url": "https://hooks.example.org/farol", "format": "farol" }),
        filter: Filter {
            events: vec![Announcement::IncidentCreated],
            min_impact: Some(Impact::Major),
            ..Filter::default()
        },
        audience: Visibility::Public,
        locale: "en".to_owned(),
        time_zone: "Etc/UTC".to_owned(),
        digest_minutes: 0,
        state: SubscriptionState::Active,
        disabled_reason: None,
        origin: Origin::Operator,
        last_success_at: Some(at(11)),
        failing_since: None,
        version: 1,
        created_at: at(0),
        updated_at: at(0),
    }
}

fn own_subscription() -> OwnSubscription {
    OwnSubscription {
        channel: "email".to_owned(),
        address: Some("a…@example.org".to_owned()),
        filter: Filter::default(),
        locale: "en".to_owned(),
        time_zone: "Etc/UTC".to_owned(),
        state: SubscriptionState::Pending,
        version: 1,
    }
}

fn delivery() -> Delivery {
    Delivery {
        id: id(7),
        subscription_id: id(6),
        event_id: id(8),
        event: Announcement::IncidentCreated.as_str().to_owned(),
        sequence: 1,
        state: State::Delivered,
        attempts: vec![Attempt {
            at: at(10),
            outcome: Outcome::Delivered,
            status: Some(204),
            latency_ms: 31,
            error: None,
            answer: None,
        }],
        next_attempt_at: None,
        created_at: at(10),
        finished_at: Some(at(10)),
    }
}

fn credential() -> Credential {
    Credential {
        id: id(11),
        channel: "slack".to_owned(),
        state: CredentialState::Refused,
        failing_since: Some(at(10)),
        reason: Some(json!({ "ok": false, "error": "token_revoked" }).to_string()),
        next_attempt_at: Some(at(12)),
        subscriptions: 4,
    }
}

fn user() -> User {
    User {
        id: id(9),
        email: "ana@example.org".to_owned(),
        name: "Ana".to_owned(),
        role: Role::Responder,
        disabled: false,
        last_login_at: None,
        version: 1,
        created_at: at(0),
        updated_at: at(0),
    }
}

fn token() -> Token {
    Token {
        id: id(10),
        name: "Prometheus".to_owned(),
        prefix: "farol_0123".to_owned(),
        scopes: vec![Scope::Incidents],
        expires_at: None,
        last_used_at: None,
        created_by: format!("user:{}", id(9)),
        created_at: at(0),
        version: 1,
    }
}
