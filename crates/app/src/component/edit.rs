//! Changing components.
use chrono::{DateTime, NaiveDate, Utc};
use domain::caller::{Caller, Scope, Visibility};
use domain::component::{Component, Key, Status};
use domain::event::Record;
use domain::ledger::{Piece, Plan};
use domain::uptime::Percent;
use persistence::ledger::Change;
use persistence::{component, group, ledger};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::{begin, check_group, lock_one, record, touch};
use crate::error::check_version;
use crate::ledger::{settle, status_changed};
use crate::{Error, Write};

/// What may be edited of a component, as it is before the edit.
#[derive(Clone, Debug)]
pub struct Edit {
    pub slug: String,
    pub name: String,
    pub description: Option<String>,
    pub group_id: Option<Uuid>,
    pub position: i32,
    pub visibility: Visibility,
    pub reported_status: Status,
    pub start_date: Option<NaiveDate>,
    pub uptime_target: Option<Percent>,
    pub showcase: bool,
    pub only_show_if_degraded: bool,
    pub link: Option<String>,
    pub metadata: Map<String, Value>,
}

/// Changes what `change` changes. A new baseline turns the status, unless something worse holds it.
pub fn edit(
    db: &mut Write<'_>,
    caller: &Caller,
    key: &Key,
    expected: Option<i64>,
    change: impl Fn(&mut Edit),
) -> Result<Component, Error> {
    caller.must(Scope::Components)?;
    let found = component::find(db, key).map_err(Error::missing("component"))?;
    // Incidents and maintenances come before components in the order of locks, and whether they
    // must become new versions is known only once the edit was tried.
    let mut trial = editable(&found);
    change(&mut trial);
    if shows_elsewhere(&found, &trial) {
        touch(db, &[found.id])?;
    }
    let (before, now) = lock_one(db, key)?;
    check_version(expected, before.version)?;
    let mut edit = editable(&before);
    change(&mut edit);
    let mut after = apply(before.clone(), edit);
    if after.group_id != before.group_id
        && let Some(group) = after.group_id
    {
        check_group(db, group)?;
    }
    after.version += 1;
    after.updated_at = now;
    let is_reported = after.reported_status != before.reported_status;
    if is_reported {
        let actor = caller.actor.to_string();
        component::report(db, after.id, after.reported_status, now, &actor)?;
    }
    let mut from = now;
    if after.start_date != before.start_date {
        from = begin(db, after.start_date, now);
        lead_back(db, caller, after.id, from, now)?;
    }
    let turned = if is_reported || from < now {
        settle(db, caller, std::slice::from_mut(&mut after), from, now)?
    } else {
        Vec::new()
    };
    component::update(db, &after).map_err(Error::taken(component::SLUG_TAKEN, "the slug"))?;
    let groups: Vec<Uuid> = [before.group_id, after.group_id].into_iter().flatten().collect();
    group::touch(db, &groups)?;
    let edited = record(Record::ComponentEdited, &after).seen_before(before.visibility, after.id);
    let mut facts = vec![edited];
    facts.extend(turned.into_iter().map(|it| status_changed(it, true)));
    db.emit(caller, now, facts)?;
    Ok(after)
}

/// A ledger that began later than `from` begins there: the component was up, unless an incident
/// says otherwise, which is for the settling to see.
fn lead_back(
    db: &mut Write<'_>,
    caller: &Caller,
    id: Uuid,
    from: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let rows = ledger::facts(db, &[id], from)?.rows.remove(&id).unwrap_or_default();
    let Some(first) = rows.first().map(|it| it.piece.from).filter(|first| from < *first) else {
        return Ok(());
    };
    let piece = Piece::reported(from, Status::Operational);
    let insert = vec![(piece, Some(first))];
    let plan = Plan { insert, changed_from: Some(from), ..Plan::default() };
    let change = Change::by(&caller.actor.to_string(), id, plan);
    Ok(ledger::apply(db, &[change], now)?)
}

fn editable(component: &Component) -> Edit {
    let Component {
        id: _,
        slug,
        name,
        description,
        group_id,
        position,
        visibility,
        reported_status,
        status: _,
        status_since: _,
        start_date,
        uptime_target,
        showcase,
        only_show_if_degraded,
        link,
        metadata,
        version: _,
        created_at: _,
        updated_at: _,
    } = component.clone();
    Edit {
        slug,
        name,
        description,
        group_id,
        position,
        visibility,
        reported_status,
        start_date,
        uptime_target,
        showcase,
        only_show_if_degraded,
        link,
        metadata,
    }
}

fn apply(component: Component, edit: Edit) -> Component {
    let Edit {
        slug,
        name,
        description,
        group_id,
        position,
        visibility,
        reported_status,
        start_date,
        uptime_target,
        showcase,
        only_show_if_degraded,
        link,
        metadata,
    } = edit;
    Component {
        slug,
        name,
        description,
        group_id,
        position,
        visibility,
        reported_status,
        start_date,
        uptime_target,
        showcase,
        only_show_if_degraded,
        link,
        metadata,
        ..component
    }
}

fn shows_elsewhere(before: &Component, after: &Edit) -> bool {
    before.name != after.name
        || before.slug != after.slug
        || before.visibility != after.visibility
        || before.position != after.position
}
