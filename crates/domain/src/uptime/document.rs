//! Uptime as the API shows it.
use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::line::{self, Dated, Period};
use super::{Counted, Granularity, GroupRule, Maintenance, Past, Percent, Rule, Seconds, Weights};
use crate::calendar::begin;
use crate::caller::Visibility;
use crate::component::Component;
use crate::group::Group;
use crate::range::{Range, Slot};

/// How much of the time components and groups were up.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Uptime {
    pub rule: ShownRule,
    /// The first day, in the page's zone.
    pub from: NaiveDate,
    /// The last day, inclusive.
    pub to: NaiveDate,
    /// Up to when the last day counts: its end, or a full minute of today.
    pub as_of: DateTime<Utc>,
    pub granularity: Granularity,
    /// In page order.
    pub components: Vec<ComponentUptime>,
    /// In page order.
    pub groups: Vec<GroupUptime>,
}

impl Uptime {
    /// When time alone makes it another one; nothing if the range is over.
    pub fn good_until(&self) -> Option<DateTime<Utc>> {
        let zone = self.rule.time_zone.parse().unwrap_or(Tz::UTC);
        let end = self.to.succ_opt().map(|it| begin(it, zone));
        end.is_some_and(|end| self.as_of < end).then(|| self.as_of + TimeDelta::minutes(1))
    }
}

/// How the figures are reckoned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = UptimeRule)]
pub struct ShownRule {
    pub weights: Weights,
    pub maintenance: Maintenance,
    pub group: GroupRule,
    /// IANA name of the zone in which days begin.
    #[schema(example = "Etc/UTC")]
    pub time_zone: String,
}

/// How much of the time a component was up.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct ComponentUptime {
    pub id: Uuid,
    pub slug: String,
    pub name: String,
    pub group_id: Option<Uuid>,
    #[serde(flatten)]
    pub figures: Figures,
    /// What was promised; `null` without an `uptime_target`.
    pub target: Option<Target>,
}

/// How much of the time a group was up. By the rule `mean` seconds are those of all of its
/// components added up.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct GroupUptime {
    pub id: Uuid,
    pub slug: String,
    pub name: String,
    #[serde(flatten)]
    pub figures: Figures,
}

/// How much of the time something was up, and why not more.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = UptimeFigures)]
pub struct Figures {
    /// Rounded down to four decimals, so that 100 means that nothing was ever down; `null` when
    /// no time counts.
    #[schema(value_type = Option<f64>, minimum = 0, maximum = 100)]
    pub uptime_percent: Option<Percent>,
    pub seconds: Seconds,
    /// With `granularity=day`, oldest first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub days: Option<Vec<Day>>,
    /// With `granularity=month`, oldest first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub months: Option<Vec<Month>>,
    /// The incidents that made the status, of a component or of one in the group, newest first.
    pub incidents: Vec<Counted>,
}

/// What was promised of a component, and what became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = UptimeTarget)]
pub struct Target {
    #[schema(value_type = f64, minimum = 0, maximum = 100)]
    pub percent: Percent,
    /// `null` when no time counts.
    pub met: Option<bool>,
    /// How long it may be down in the time that counts.
    pub budget_seconds: i64,
    /// How much of that is left; negative when the target is missed.
    pub budget_left_seconds: i64,
}

/// A day of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = UptimeDay)]
pub struct Day {
    pub date: NaiveDate,
    /// Rounded down to four decimals; `null` when no time counts.
    #[schema(value_type = Option<f64>, minimum = 0, maximum = 100)]
    pub uptime_percent: Option<Percent>,
    pub seconds: Seconds,
    /// Of `incidents` those that touched the day.
    pub incident_ids: Vec<Uuid>,
}

/// A month of it, or the part of one that lies in the range.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = UptimeMonth)]
pub struct Month {
    #[schema(example = "2026-11")]
    pub month: String,
    /// Rounded down to four decimals; `null` when no time counts.
    #[schema(value_type = Option<f64>, minimum = 0, maximum = 100)]
    pub uptime_percent: Option<Percent>,
    pub seconds: Seconds,
    /// Of `incidents` those that touched the month.
    pub incident_ids: Vec<Uuid>,
}

/// By which rule, over which days, for whom.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    pub rule: &'a Rule,
    pub range: &'a Range,
    pub granularity: Granularity,
    pub audience: Visibility,
}

/// What uptime is reckoned of. Nothing is shown that `audience` may not see.
#[derive(Clone, Debug, Default)]
pub struct Subjects<'a> {
    /// In page order.
    pub components: Vec<&'a Component>,
    /// In page order.
    pub groups: Vec<&'a Group>,
    /// Of every component, from the first day of the range on or earlier. By the rule `all_up`
    /// nothing of the range may be tallied.
    pub pasts: HashMap<Uuid, &'a Past>,
    /// Those that the pasts name.
    pub incidents: HashMap<Uuid, &'a Counted>,
}

/// A component that may be shown, with its days.
struct Shown<'a> {
    component: &'a Component,
    past: &'a Past,
    line: Vec<Dated>,
}

/// Reckons.
pub fn document(frame: Frame<'_>, subjects: &Subjects<'_>) -> Uptime {
    let slots = frame.range.slots();
    let visible =
        |it: Visibility| frame.audience == Visibility::Internal || it == Visibility::Public;
    let groups: Vec<&Group> =
        subjects.groups.iter().copied().filter(|it| visible(it.visibility)).collect();
    let components = subjects.components.iter().filter(|it| visible(it.visibility));
    let shown: Vec<Shown<'_>> = components
        .filter_map(|it| {
            let past = *subjects.pasts.get(&it.id)?;
            let line = line::of_component(it, past, frame.range, &slots);
            Some(Shown { component: it, past, line })
        })
        .collect();
    let incidents: HashMap<Uuid, &Counted> = subjects
        .incidents
        .iter()
        .map(|(id, it)| (*id, *it))
        .filter(|it| visible(it.1.visibility))
        .collect();
    let grouped: Vec<GroupUptime> =
        groups.iter().map(|it| of_group(frame, it, &shown, &slots, &incidents)).collect();
    let known: HashSet<Uuid> = groups.iter().map(|it| it.id).collect();
    let components = shown.into_iter().map(|it| of_component(frame, it, &known, &incidents));
    Uptime {
        rule: ShownRule {
            weights: frame.rule.weights,
            maintenance: frame.rule.maintenance,
            group: frame.rule.group,
            time_zone: frame.range.zone.name().to_owned(),
        },
        from: frame.range.from,
        to: frame.range.to,
        as_of: frame.range.as_of,
        granularity: frame.granularity,
        components: components.collect(),
        groups: grouped,
    }
}

fn of_component(
    frame: Frame<'_>,
    shown: Shown<'_>,
    groups: &HashSet<Uuid>,
    incidents: &HashMap<Uuid, &Counted>,
) -> ComponentUptime {
    let Shown { component, line, .. } = shown;
    let (cut, whole) = line::cut(line, frame.granularity);
    let score = frame.rule.judge(&whole.tally);
    let target = component.uptime_target.map(|percent| {
        let (budget_seconds, budget_left_seconds) = score.budget_seconds(percent);
        Target { percent, met: score.meets(percent), budget_seconds, budget_left_seconds }
    });
    ComponentUptime {
        id: component.id,
        slug: component.slug.clone(),
        name: component.name.clone(),
        group_id: component.group_id.filter(|id| groups.contains(id)),
        figures: Figures::of(frame, cut, &whole, incidents),
        target,
    }
}

fn of_group(
    frame: Frame<'_>,
    group: &Group,
    shown: &[Shown<'_>],
    slots: &[Slot],
    incidents: &HashMap<Uuid, &Counted>,
) -> GroupUptime {
    let members: Vec<&Shown<'_>> =
        shown.iter().filter(|it| it.component.group_id == Some(group.id)).collect();
    let together = line::together(slots, members.iter().map(|it| it.line.as_slice()));
    let (cut, whole) = match frame.rule.group {
        GroupRule::Worst if !members.is_empty() => {
            let cut = |it: &&Shown<'_>| line::cut(it.line.clone(), frame.granularity);
            line::lowest(frame.rule, &members.iter().map(cut).collect::<Vec<_>>())
        }
        GroupRule::Mean | GroupRule::Worst => line::cut(together, frame.granularity),
        GroupRule::AllUp => {
            let pasts: Vec<_> = members.iter().map(|it| (it.component, it.past)).collect();
            let mut line = line::worst_at_every_instant(&pasts, frame.range, slots);
            for ((_, it), (_, of_all)) in line.iter_mut().zip(together) {
                it.incidents = of_all.incidents;
            }
            line::cut(line, frame.granularity)
        }
    };
    GroupUptime {
        id: group.id,
        slug: group.slug.clone(),
        name: group.name.clone(),
        figures: Figures::of(frame, cut, &whole, incidents),
    }
}

impl Figures {
    fn of(
        frame: Frame<'_>,
        cut: Vec<Dated>,
        whole: &Period,
        shown: &HashMap<Uuid, &Counted>,
    ) -> Self {
        let percent = |it: &Period| frame.rule.judge(&it.tally).percent();
        let day = |(date, it): &Dated| Day {
            date: *date,
            uptime_percent: percent(it),
            seconds: it.seconds,
            incident_ids: ids(it, shown),
        };
        let month = |(first, it): &Dated| Month {
            month: first.format("%Y-%m").to_string(),
            uptime_percent: percent(it),
            seconds: it.seconds,
            incident_ids: ids(it, shown),
        };
        let counted = whole.incidents.iter().filter_map(|id| shown.get(id).copied());
        let mut incidents: Vec<Counted> = counted.cloned().collect();
        incidents.sort_by_key(|it| Reverse((it.started_at, it.id)));
        let is = |granularity: Granularity| frame.granularity == granularity;
        Self {
            uptime_percent: percent(whole),
            seconds: whole.seconds,
            days: is(Granularity::Day).then(|| cut.iter().map(day).collect()),
            months: is(Granularity::Month).then(|| cut.iter().map(month).collect()),
            incidents,
        }
    }
}

fn ids(period: &Period, shown: &HashMap<Uuid, &Counted>) -> Vec<Uuid> {
    period.incidents.iter().copied().filter(|id| shown.contains_key(id)).collect()
}
