use proptest::prelude::*;
use serde_json::Map;
use uuid::Uuid;

use super::*;
use crate::caller::Visibility;

const DAY: i64 = 24 * 3600;

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(seconds, 0).unwrap()
}

fn planned(starts_at: i64, length: i64, reminders: &[i64]) -> Maintenance {
    Maintenance {
        id: Uuid::nil(),
        number: 1,
        title: String::new(),
        status: Status::Scheduled,
        visibility: Visibility::Public,
        components: Vec::new(),
        updates: Vec::new(),
        starts_at: at(starts_at),
        ends_at: at(starts_at + length),
        started_at: None,
        completed_at: None,
        cancelled_at: None,
        auto_start: true,
        auto_complete: true,
        notify: true,
        notify_on_start: true,
        notify_on_completion: true,
        remind_before_seconds: reminders.to_vec(),
        recurrence: None,
        time_zone: None,
        series_id: None,
        recurrence_id: None,
        sequence: 0,
        dedup_key: None,
        source: None,
        metadata: Map::new(),
        url: String::new(),
        version: 1,
        created_at: at(0),
        updated_at: at(0),
        clock: Clock::wind(at(starts_at), reminders, at(0)),
    }
}

/// What replaying the updates that tell of the deeds makes of it.
fn follow(it: &mut Maintenance, deeds: &[Deed]) {
    for deed in deeds {
        match *deed {
            Deed::List | Deed::Remind => {}
            Deed::Start { at } => {
                (it.status, it.started_at) = (Status::InProgress, Some(at));
            }
            Deed::Complete { at } => {
                (it.status, it.completed_at) = (Status::Completed, Some(at));
            }
        }
    }
}

proptest! {
    /// The clock may look as often and as late as it likes.
    #[test]
    fn everything_happens_once_in_order_and_at_its_time(
        starts_at in 1..60 * DAY,
        length in 1..5 * DAY,
        reminders in prop::collection::btree_set(60..40 * DAY, 0..5),
        looks in prop::collection::btree_set(0..70 * DAY, 0..12),
    ) {
        let reminders: Vec<i64> = reminders.into_iter().rev().collect();
        let mut it = planned(starts_at, length, &reminders);
        let mut done: Vec<(i64, Deed)> = Vec::new();
        for look in looks.into_iter().chain([80 * DAY]) {
            let was_due = it.due_at().is_some_and(|due| due <= at(look));
            let deeds = it.deeds(at(look));
            prop_assert!(was_due || deeds.is_empty(), "{deeds:?} before it was due");
            done.extend(deeds.iter().map(|deed| (look, *deed)));
            follow(&mut it, &deeds);
            prop_assert!(it.due_at().is_none_or(|due| due > at(look)), "something is left");
            prop_assert_eq!(it.deeds(at(look)), []);
        }
        let of = |wanted: &dyn Fn(&Deed) -> bool| -> Vec<(i64, Deed)> {
            done.iter().copied().filter(|(_, deed)| wanted(deed)).collect()
        };
        prop_assert_eq!(of(&|it| matches!(it, Deed::Start { .. })).len(), 1);
        prop_assert_eq!(of(&|it| matches!(it, Deed::Complete { .. })).len(), 1);
        prop_assert_eq!((it.started_at, it.completed_at), (Some(it.starts_at), Some(it.ends_at)));
        let reminded = of(&|it| *it == Deed::Remind);
        prop_assert!(reminded.len() <= reminders.len());
        prop_assert!(reminded.iter().all(|(look, _)| *look < starts_at));
        prop_assert!(of(&|it| *it == Deed::List).len() <= 1);
    }
}

#[test]
fn of_late_reminders_one_is_left_and_none_after_the_start() {
    let mut it = planned(10 * 3600, 3600, &[7200, 3600, 600]);
    assert_eq!(it.due_at(), Some(at(8 * 3600)));
    assert_eq!(it.deeds(at(9 * 3600 + 60)), [Deed::Remind]);
    assert_eq!(it.clock.reminders, [600]);
    let started = Deed::Start { at: at(10 * 3600) };
    assert_eq!(it.deeds(at(10 * 3600 + 60)), [started]);
}

#[test]
fn a_window_that_was_moved_into_the_past_begins_when_it_was_moved() {
    let mut it = planned(100, 1000, &[]);
    it.clock = Clock::wind(at(100), &[], at(500));
    assert_eq!(it.deeds(at(500)), [Deed::Start { at: at(500) }]);
}

#[test]
fn what_was_said_after_the_start_comes_before_what_the_clock_does() {
    let mut it = planned(100, 1000, &[]);
    it.updates = vec![crate::maintenance::Update {
        id: Uuid::nil(),
        status: Status::Scheduled,
        message: "In a minute.".to_owned(),
        message_html: String::new(),
        components: Vec::new(),
        notify: false,
        display_at: at(101),
        author: None,
        created_at: at(101),
        updated_at: at(101),
    }];
    assert_eq!(it.deeds(at(102)), [Deed::Start { at: at(101) }]);
}
