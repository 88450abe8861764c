//! Many subscriptions at once.
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use domain::subscription::Subscription;

use super::{Row, Sealed, SealedRow};
use crate::delivery::Queue;
use crate::schema::{destinations, subscriptions};
use crate::{DbError, Write};

/// Any number that no other application on the same database uses as an advisory lock.
const IMPORT_LOCK: i64 = 0x6661_726f_6c06;
/// Rows per statement: Postgres takes 65,535 parameters in one.
const ROWS: usize = 1_000;

/// Waits for its turn: two imports at once would not see each other's addresses.
pub fn take_turn(db: &mut Write<'_>) -> Result<(), DbError> {
    diesel::select(pg_advisory_xact_lock(IMPORT_LOCK)).execute(db.conn)?;
    Ok(())
}

/// Adds subscriptions by e-mail with their destinations and the digests of their addresses.
pub fn insert(db: &mut Write<'_>, new: &[(Subscription, Sealed, Vec<u8>)]) -> Result<(), DbError> {
    for part in new.chunks(ROWS) {
        let rows: Vec<_> = part
            .iter()
            .map(|(shown, sealed, digest)| {
                let digest = subscriptions::address_hash.eq(digest);
                (Row::from(shown), SealedRow::from(sealed), digest)
            })
            .collect();
        diesel::insert_into(subscriptions::table).values(rows).execute(db.conn)?;
        let scheduled = part.iter().map(|(shown, ..)| {
            let lane = destinations::lane.eq(Queue::Mail.lane());
            (destinations::subscription_id.eq(shown.id), lane)
        });
        diesel::insert_into(destinations::table)
            .values(scheduled.collect::<Vec<_>>())
            .execute(db.conn)?;
    }
    Ok(())
}

#[diesel::declare_sql_function]
extern "SQL" {
    fn pg_advisory_xact_lock(key: BigInt);
}
