//! Subscriptions and their destinations.
pub mod address;
pub mod bulk;
pub mod confirm;
mod row;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use domain::subscription::{State, Subscription};
use uuid::Uuid;

use crate::cursor::{Cursor, Page, Window};
use crate::delivery::Queue;
use crate::schema::{destinations, subscriptions};
use crate::word::Word;
use crate::{DbError, Read, Write};

use row::{Health, Row, SealedRow, dress};

/// What is kept of a subscription but never shown, encrypted by the caller.
#[derive(Clone, Debug, Default)]
pub struct Sealed {
    /// The whole configuration of the channel.
    pub config: Vec<u8>,
    pub signing_secret: Option<Vec<u8>>,
    pub previous_secret: Option<Vec<u8>>,
    pub previous_secret_until: Option<DateTime<Utc>>,
}

/// Which subscriptions to list.
#[derive(Clone, Debug, Default)]
pub struct Which {
    pub channel: Option<String>,
    pub state: Option<State>,
}

/// The subscription.
pub fn find(db: &mut Read<'_>, id: Uuid) -> Result<Subscription, DbError> {
    let found: (Row, Health) = subscriptions::table
        .inner_join(destinations::table.on(destinations::subscription_id.eq(subscriptions::id)))
        .filter(subscriptions::id.eq(id).and(subscriptions::deleted_at.is_null()))
        .select((Row::as_select(), Health::as_select()))
        .first(db.conn)?;
    Ok(dress(found))
}

/// The subscription, locked until the transaction ends, with what is not shown.
pub fn lock(db: &mut Write<'_>, id: Uuid) -> Result<(Subscription, Sealed), DbError> {
    let sealed: SealedRow = subscriptions::table
        .filter(subscriptions::id.eq(id).and(subscriptions::deleted_at.is_null()))
        .for_update()
        .select(SealedRow::as_select())
        .first(db.conn)?;
    Ok((find(db, id)?, sealed.into()))
}

/// Subscriptions, newest first.
pub fn page(
    db: &mut Read<'_>,
    which: &Which,
    window: Window,
) -> Result<Page<Subscription>, DbError> {
    let mut query = subscriptions::table
        .inner_join(destinations::table.on(destinations::subscription_id.eq(subscriptions::id)))
        .filter(subscriptions::deleted_at.is_null())
        .into_boxed();
    if let Some(channel) = &which.channel {
        query = query.filter(subscriptions::channel.eq(channel));
    }
    if let Some(state) = which.state {
        query = query.filter(subscriptions::state.eq(Word(state)));
    }
    if let Some(Cursor { id, .. }) = window.after {
        query = query.filter(subscriptions::id.lt(id));
    }
    let rows: Vec<(Row, Health)> = query
        .order(subscriptions::id.desc())
        .limit(window.fetch())
        .select((Row::as_select(), Health::as_select()))
        .load(db.conn)?;
    Ok(window.cut(rows, |(row, _)| Cursor { key: 0, id: row.id }).map(dress))
}

/// Adds a subscription and the destination that schedules it.
pub fn insert(
    db: &mut Write<'_>,
    subscription: &Subscription,
    sealed: &Sealed,
    queue: Queue,
) -> Result<(), DbError> {
    diesel::insert_into(subscriptions::table)
        .values((Row::from(subscription), SealedRow::from(sealed)))
        .execute(db.conn)?;
    diesel::insert_into(destinations::table)
        .values((
            destinations::subscription_id.eq(subscription.id),
            destinations::lane.eq(queue.lane()),
        ))
        .execute(db.conn)?;
    Ok(())
}

/// Writes a subscription back. Whatever is queued waits while it is not active; with a
/// `fresh_start` it is tried at once, or when whoever is sending now is done, and past failures are
/// forgotten.
pub fn update(
    db: &mut Write<'_>,
    subscription: &Subscription,
    sealed: &Sealed,
    fresh_start: bool,
) -> Result<(), DbError> {
    diesel::update(subscriptions::table.find(subscription.id))
        .set((Row::from(subscription), SealedRow::from(sealed)))
        .execute(db.conn)?;
    diesel::update(destinations::table.find(subscription.id))
        .set(destinations::paused.eq(!is_reached(subscription.state)))
        .execute(db.conn)?;
    if fresh_start {
        diesel::sql_query(
            "update destinations set failing_since = null,
                    lane = case lane when 1 then 0 else lane end,
                    mended = leased_until is not null,
                    ready_at = case when last_seq > done_seq
                                    then greatest(farol_now(), leased_until) end
             where subscription_id = $1",
        )
        .bind::<diesel::sql_types::Uuid, _>(subscription.id)
        .execute(db.conn)?;
        db.commit.due = true;
    }
    Ok(())
}

/// Whether anything is sent: who has not confirmed yet must be asked.
fn is_reached(state: State) -> bool {
    matches!(state, State::Active | State::Pending)
}

/// Stops telling a destination that failed for good.
pub fn disable(
    db: &mut Write<'_>,
    id: Uuid,
    reason: &str,
    now: DateTime<Utc>,
) -> Result<bool, DbError> {
    let active = subscriptions::table
        .filter(subscriptions::id.eq(id).and(subscriptions::state.eq(Word(State::Active))));
    let disabled = diesel::update(active)
        .set((
            subscriptions::state.eq(Word(State::Disabled)),
            subscriptions::disabled_reason.eq(reason),
            subscriptions::version.eq(subscriptions::version + 1),
            subscriptions::updated_at.eq(now),
        ))
        .execute(db.conn)?;
    if disabled > 0 {
        diesel::update(destinations::table.find(id))
            .set(destinations::paused.eq(true))
            .execute(db.conn)?;
    }
    Ok(disabled > 0)
}

/// A destination that has failed for long.
#[derive(Clone, Debug, QueryableByName)]
pub struct Failing {
    #[diesel(sql_type = diesel::sql_types::Uuid)]
    pub id: Uuid,
    #[diesel(sql_type = diesel::sql_types::Text)]
    pub channel: String,
    #[diesel(sql_type = diesel::sql_types::Timestamptz)]
    pub failing_since: DateTime<Utc>,
}

/// Active subscriptions that nothing reached for a day, and again for four days: each once.
pub fn to_warn_of(db: &mut Write<'_>) -> Result<Vec<Failing>, DbError> {
    let failing = diesel::sql_query(
        "update destinations d set n_warned = d.n_warned + 1
         from subscriptions s
         where s.id = d.subscription_id and s.state = 'active' and s.deleted_at is null
           and d.failing_since < farol_now()
               - case d.n_warned when 0 then interval '1 day' else interval '4 days' end
           and d.n_warned < 2
         returning s.id, s.channel, d.failing_since",
    );
    Ok(failing.load(db.conn)?)
}

/// Forgets a subscription: nothing more is sent, and what identifies its owner is wiped, what its
/// destination answered included.
pub fn delete(db: &mut Write<'_>, id: Uuid, now: DateTime<Utc>) -> Result<(), DbError> {
    diesel::update(subscriptions::table.find(id))
        .set((
            subscriptions::deleted_at.eq(now),
            subscriptions::state.eq(Word(State::Disabled)),
            subscriptions::config.eq(serde_json::json!({})),
            subscriptions::label.eq(None::<String>),
            subscriptions::secrets.eq(Vec::<u8>::new()),
            subscriptions::signing_secret.eq(None::<Vec<u8>>),
            subscriptions::previous_secret.eq(None::<Vec<u8>>),
            subscriptions::address_hash.eq(None::<Vec<u8>>),
            subscriptions::challenge.eq(None::<Vec<u8>>),
        ))
        .execute(db.conn)?;
    diesel::update(destinations::table.find(id))
        .set((
            destinations::paused.eq(true),
            destinations::ready_at.eq(None::<DateTime<Utc>>),
            destinations::leased_until.eq(None::<DateTime<Utc>>),
            destinations::ended.eq(true),
        ))
        .execute(db.conn)?;
    diesel::sql_query(
        "update deliveries
         set state = case when finished_at is null then 'dead' else state end,
             finished_at = coalesce(finished_at, farol_now()),
             attempts = (select coalesce(jsonb_agg(it || '{\"answer\": null}'), '[]')
                         from jsonb_array_elements(attempts) it)
         where subscription_id = $1",
    )
    .bind::<diesel::sql_types::Uuid, _>(id)
    .execute(db.conn)?;
    confirm::forget(db, id)
}
