//! Where a destination's messages about one incident hang together.
use std::collections::HashMap;

use diesel::prelude::*;
use diesel::sql_types::{Array, Jsonb, Uuid as SqlUuid};
use serde_json::Value;
use uuid::Uuid;

use crate::{DbError, Read, Write};

/// Subscription and subject, with what the channel wants to know of the thread.
pub type Anchors = HashMap<(Uuid, Uuid), Value>;

/// The threads that these subscriptions have about these subjects.
pub fn anchors(
    db: &mut Read<'_>,
    subscriptions: &[Uuid],
    subjects: &[Uuid],
) -> Result<Anchors, DbError> {
    let rows: Vec<Row> = diesel::sql_query(
        "select subscription_id, subject_id, anchor from threads
         where subscription_id = any($1) and subject_id = any($2)",
    )
    .bind::<Array<SqlUuid>, _>(subscriptions)
    .bind::<Array<SqlUuid>, _>(subjects)
    .load(db.conn)?;
    Ok(rows.into_iter().map(|it| ((it.subscription_id, it.subject_id), it.anchor)).collect())
}

/// Remembers threads.
pub fn keep(db: &mut Write<'_>, anchors: &Anchors) -> Result<(), DbError> {
    if anchors.is_empty() {
        return Ok(());
    }
    let (mut subscriptions, mut subjects, mut values) = (vec![], vec![], vec![]);
    for ((subscription, subject), anchor) in anchors {
        subscriptions.push(*subscription);
        subjects.push(*subject);
        values.push(anchor);
    }
    diesel::sql_query(
        "insert into threads (subscription_id, subject_id, anchor, updated_at)
         select subscription_id, subject_id, anchor, farol_now()
         from unnest($1, $2, $3) as t (subscription_id, subject_id, anchor)
         order by 1, 2
         on conflict (subscription_id, subject_id)
         do update set anchor = excluded.anchor, updated_at = excluded.updated_at",
    )
    .bind::<Array<SqlUuid>, _>(subscriptions)
    .bind::<Array<SqlUuid>, _>(subjects)
    .bind::<Array<Jsonb>, _>(values)
    .execute(db.conn)?;
    Ok(())
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = SqlUuid)]
    subscription_id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    subject_id: Uuid,
    #[diesel(sql_type = Jsonb)]
    anchor: Value,
}
