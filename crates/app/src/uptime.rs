//! How much of the time components were up, and keeping count of days that are over.
use std::collections::HashSet;

use chrono::{Days, NaiveDate};
use domain::calendar::{begin, day_of};
use domain::caller::Visibility;
use domain::component::Component;
use domain::group::Group;
use domain::range::{BadRange, Range};
use domain::uptime::{
    COMPONENT_DAYS_MAX, Counted, Frame, GroupRule, Past, Query, Subject, Subjects, Uptime,
    document as reckon, roll,
};
use persistence::uptime::{Tallied, Untallied};
use persistence::{component, group, uptime};
use uuid::Uuid;

use crate::{Db, Error, Read, Write};

/// Components that are tallied in one transaction, which holds up who writes about them.
const TALLIED_AT_ONCE: i64 = 20;
/// Days of a component that are tallied in one transaction: of a past of years there may be many.
const DAYS_AT_ONCE: u64 = 400;

/// The answer to a question about uptime.
pub fn document(db: &mut Read<'_>, audience: Visibility, query: &Query) -> Result<Uptime, Error> {
    let (components, groups) = subjects(db, audience, &query.subject)?;
    let range = Range::new(query.from, query.to, db.page().zone(), db.now()?)?;
    let n_components = i64::try_from(components.len()).unwrap_or(i64::MAX);
    if n_components.saturating_mul(range.n_days()) > COMPONENT_DAYS_MAX {
        let advice =
            "too many components for so many days; ask for a component, a group, or fewer days";
        return Err(Error::Span(advice));
    }
    let ids: Vec<Uuid> = components.iter().map(|it| it.id).collect();
    let pasts = pasts(db, &ids, range.from)?;
    let incidents = counted(db, &pasts)?;
    let rule = db.page().uptime;
    let frame = Frame { rule: &rule, range: &range, granularity: query.granularity, audience };
    let mut answer = reckon(
        frame,
        &Subjects {
            components: components.iter().collect(),
            groups: groups.iter().collect(),
            pasts: pasts.iter().map(|it| (it.component, it)).collect(),
            incidents: incidents.iter().map(|it| (it.id, it)).collect(),
        },
    );
    if matches!(query.subject, Subject::Component(_)) {
        answer.groups.clear();
    }
    Ok(answer)
}

/// Whom the question is about: components, archived ones only by their id, and the groups that
/// these may name.
fn subjects(
    db: &mut Read<'_>,
    audience: Visibility,
    subject: &Subject,
) -> Result<(Vec<Component>, Vec<Group>), Error> {
    let visible = |it: Visibility| audience == Visibility::Internal || it == Visibility::Public;
    match subject {
        Subject::Everything => Ok((component::all(db)?, group::all(db)?)),
        Subject::Component(key) => {
            let found = component::find_ever(db, key).map_err(Error::missing("component"))?;
            if !visible(found.visibility) {
                return Err(Error::NotFound("component"));
            }
            let groups = group::among(db, found.group_id.as_slice())?;
            Ok((vec![found], groups))
        }
        Subject::Group(key) => {
            let found = crate::group::find(db, audience, key)?;
            let mut members = component::of_groups(db, &[found.id])?;
            members.sort_by_key(|it| (it.position, it.id));
            Ok((members, vec![found]))
        }
    }
}

/// What was of components from a day on, enough for any question about these days.
pub fn pasts(db: &mut Read<'_>, components: &[Uuid], from: NaiveDate) -> Result<Vec<Past>, Error> {
    // At which instants several components were down together tallies of days do not tell.
    let tallied = db.page().uptime.group != GroupRule::AllUp;
    Ok(uptime::pasts(db, components, from, tallied)?)
}

/// The incidents that pasts name.
pub fn counted(db: &mut Read<'_>, pasts: &[Past]) -> Result<Vec<Counted>, Error> {
    let ids: HashSet<Uuid> = pasts.iter().flat_map(Past::incidents).collect();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    Ok(uptime::counted(db, &ids.into_iter().collect::<Vec<_>>())?)
}

/// Tallies some of the days that are over. Says whether there may be more.
pub fn tally(db: &Db) -> Result<bool, Error> {
    db.write_lazily(|db| {
        let (zone, now) = (db.page().zone(), db.now()?);
        let today = day_of(now, zone);
        let untallied = uptime::lock_untallied(db, today, TALLIED_AT_ONCE)?;
        if untallied.is_empty() {
            return Ok(false);
        }
        let tallied = count(db, &untallied, today)?;
        uptime::keep(db, &tallied)?;
        Ok(true)
    })
}

fn count(
    db: &mut Write<'_>,
    untallied: &[Untallied],
    today: NaiveDate,
) -> Result<Vec<Tallied>, Error> {
    let zone = db.page().zone();
    let spans = untallied.iter().map(|it| {
        let from = it.tallied_to.unwrap_or_else(|| day_of(it.ledger_from, zone));
        let far = from.checked_add_days(Days::new(DAYS_AT_ONCE)).unwrap_or(today);
        (it, from, far.min(today).max(from))
    });
    let spans: Vec<_> = spans.collect();
    let since: Vec<_> = spans.iter().map(|(it, from, _)| (it.id, begin(*from, zone))).collect();
    let until = spans.iter().map(|(_, _, to)| begin(*to, zone)).max();
    let mut trouble = uptime::trouble(db, &since, until)?;
    let tallied = spans.into_iter().map(|(it, from, to)| {
        let days = roll(&trouble.remove(&it.id).unwrap_or_default(), from, to, zone);
        Tallied { id: it.id, from: it.tallied_to, to, days }
    });
    Ok(tallied.collect())
}

impl From<BadRange> for Error {
    fn from(bad: BadRange) -> Self {
        Self::Span(bad.as_str())
    }
}
