//! How often things go wrong, and for how long.
use domain::caller::Visibility;
use domain::incident::Impact;
use domain::range::{Range, Slot, full_minute};
use domain::report::{Figures, Group, GroupBy, Query, Report};
use persistence::report;

use crate::{Error, Read};

/// The figures of incidents that started in a range.
pub fn incidents(db: &mut Read<'_>, audience: Visibility, query: &Query) -> Result<Report, Error> {
    let now = db.now()?;
    let range = Range::new(query.from, query.to, db.page().zone(), now)?;
    let months = range.months();
    let as_of = full_minute(now);
    let filter = report::Filter { audience, from: range.begins_at(), to: range.ends_at(), as_of };
    let (total, found) = report::incidents(db, &filter, query.group_by, &months)?;
    let groups = match query.group_by {
        GroupBy::Component => found,
        GroupBy::Month => each(found, months.iter().map(Slot::month)),
        GroupBy::Impact => each(found, Impact::ALL.iter().map(ToString::to_string)),
    };
    Ok(Report {
        from: range.from,
        to: range.to,
        as_of,
        time_zone: range.zone.name().to_owned(),
        group_by: query.group_by,
        total,
        groups,
    })
}

/// A group for every key, in their order, also for those that nothing was found of.
fn each(mut found: Vec<Group>, keys: impl Iterator<Item = String>) -> Vec<Group> {
    keys.map(|key| match found.iter().position(|it| it.key == key) {
        Some(index) => found.swap_remove(index),
        None => Group { name: key.clone(), key, figures: Figures::default() },
    })
    .collect()
}
