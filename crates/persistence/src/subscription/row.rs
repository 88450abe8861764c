//! Rows of subscriptions.
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use domain::caller::Visibility;
use domain::event::Announcement;
use domain::incident::Impact;
use domain::subscription::{Filter, Origin, State, Subscription};
use serde_json::Value;
use uuid::Uuid;

use super::Sealed;
use crate::schema::{destinations, subscriptions};
use crate::word::Word;

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = subscriptions, check_for_backend(diesel::pg::Pg), treat_none_as_null = true)]
pub(super) struct Row {
    pub(super) id: Uuid,
    channel: String,
    label: Option<String>,
    config: Value,
    component_ids: Vec<Uuid>,
    group_ids: Vec<Uuid>,
    incident_ids: Vec<Uuid>,
    events: Vec<Word<Announcement>>,
    min_impact: Option<Word<Impact>>,
    audience: Word<Visibility>,
    locale: String,
    time_zone: String,
    digest_minutes: i32,
    state: Word<State>,
    disabled_reason: Option<String>,
    origin: Word<Origin>,
    version: i64,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = subscriptions, check_for_backend(diesel::pg::Pg), treat_none_as_null = true)]
pub(super) struct SealedRow {
    secrets: Vec<u8>,
    signing_secret: Option<Vec<u8>>,
    previous_secret: Option<Vec<u8>>,
    previous_secret_until: Option<DateTime<Utc>>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = destinations, check_for_backend(diesel::pg::Pg))]
pub(super) struct Health {
    last_success_at: Option<DateTime<Utc>>,
    failing_since: Option<DateTime<Utc>>,
}

impl From<SealedRow> for Sealed {
    fn from(row: SealedRow) -> Self {
        let SealedRow { secrets, signing_secret, previous_secret, previous_secret_until } = row;
        Self { config: secrets, signing_secret, previous_secret, previous_secret_until }
    }
}

impl From<&Sealed> for SealedRow {
    fn from(sealed: &Sealed) -> Self {
        let Sealed { config, signing_secret, previous_secret, previous_secret_until } =
            sealed.clone();
        Self { secrets: config, signing_secret, previous_secret, previous_secret_until }
    }
}

pub(super) fn dress((row, health): (Row, Health)) -> Subscription {
    let Row {
        id,
        channel,
        label,
        config,
        component_ids,
        group_ids,
        incident_ids,
        events,
        min_impact,
        audience: Word(audience),
        locale,
        time_zone,
        digest_minutes,
        state: Word(state),
        disabled_reason,
        origin: Word(origin),
        version,
        created_at,
        updated_at,
    } = row;
    let Health { last_success_at, failing_since } = health;
    let filter = Filter {
        components: component_ids,
        groups: group_ids,
        incidents: incident_ids,
        events: events.into_iter().map(|it| it.0).collect(),
        min_impact: min_impact.map(|it| it.0),
    };
    Subscription {
        id,
        channel,
        label,
        config,
        filter,
        audience,
        locale,
        time_zone,
        digest_minutes: u16::try_from(digest_minutes).unwrap_or(0),
        state,
        disabled_reason,
        origin,
        last_success_at,
        failing_since,
        version,
        created_at,
        updated_at,
    }
}

impl From<&Subscription> for Row {
    fn from(subscription: &Subscription) -> Self {
        let Subscription {
            id,
            channel,
            label,
            config,
            filter,
            audience,
            locale,
            time_zone,
            digest_minutes,
            state,
            disabled_reason,
            origin,
            last_success_at: _,
            failing_since: _,
            version,
            created_at,
            updated_at,
        } = subscription.clone();
        let Filter { components, groups, incidents, events, min_impact } = filter;
        Self {
            id,
            channel,
            label,
            config,
            component_ids: components,
            group_ids: groups,
            incident_ids: incidents,
            events: events.into_iter().map(Word).collect(),
            min_impact: min_impact.map(Word),
            audience: Word(audience),
            locale,
            time_zone,
            digest_minutes: i32::from(digest_minutes),
            state: Word(state),
            disabled_reason,
            origin: Word(origin),
            version,
            created_at,
            updated_at,
        }
    }
}
