//! What groups make of their components.
use super::*;
use crate::group::Group;

const GROUP: Uuid = Uuid::from_u128(99);

fn group() -> Group {
    Group {
        id: GROUP,
        slug: "core".to_owned(),
        name: "Core".to_owned(),
        description: None,
        position: 1,
        collapsed: false,
        visibility: Visibility::Public,
        status: Status::Operational,
        version: 1,
        created_at: at("2026-01-01T00:00:00Z"),
        updated_at: at("2026-01-01T00:00:00Z"),
    }
}

fn reckon(
    rule: GroupRule,
    troubles: &[&[(Status, i64, i64)]],
    granularity: Granularity,
) -> GroupUptime {
    let rule = Rule { group: rule, ..Rule::default() };
    let members: Vec<(Component, Past)> = (1..)
        .map(Uuid::from_u128)
        .zip(troubles)
        .map(|(id, it)| (Component { group_id: Some(GROUP), ..component(id) }, past(id, it)))
        .collect();
    let (range, group) = (ninety_days(), group());
    let frame = Frame { rule: &rule, range: &range, granularity, audience: Visibility::Public };
    let subjects = Subjects {
        components: members.iter().map(|it| &it.0).collect(),
        groups: vec![&group],
        pasts: members.iter().map(|(component, past)| (component.id, past)).collect(),
        ..Subjects::default()
    };
    document(frame, &subjects).groups.remove(0)
}

#[test]
fn each_rule_sees_the_same_trouble_differently() {
    use Status::{MajorOutage, PartialOutage};
    let troubles: [&[(Status, i64, i64)]; 3] =
        [&[(MajorOutage, 0, 60)], &[(PartialOutage, 30, 120), (MajorOutage, 200, 230)], &[]];
    let found = |rule: GroupRule| {
        let it = reckon(rule, &troubles, Granularity::Total);
        let seconds = it.figures.seconds;
        (
            json!(it.figures.uptime_percent),
            seconds.major_outage,
            seconds.partial_outage,
            seconds.operational,
        )
    };
    // (3600 + 1800 + 0.3 · 5400) of 3 · 7 776 000 seconds
    let mean = (json!(99.9699), 5400, 5400, 3 * 7_776_000 - 10_800);
    assert_eq!(found(GroupRule::Mean), mean);
    // An hour, half an hour, and what remains of the partial outage: 5400 + 0.3 · 3600.
    assert_eq!(found(GroupRule::AllUp), (json!(99.9166), 5400, 3600, 7_776_000 - 9000));
    assert_eq!(found(GroupRule::Worst), (json!(99.9537), 3600, 0, 7_776_000 - 3600));
}

#[test]
fn the_worst_is_another_one_each_day() {
    use Status::MajorOutage;
    let day = 24 * 60;
    let troubles: [&[(Status, i64, i64)]; 2] = [
        &[(MajorOutage, 0, 60), (MajorOutage, day, day + 10)],
        &[(MajorOutage, 0, 30), (MajorOutage, day, day + 20)],
    ];
    let it = reckon(GroupRule::Worst, &troubles, Granularity::Day);
    let down = |it: &Day| it.seconds.major_outage;
    let days: Vec<i64> = it.figures.days.unwrap().iter().map(down).filter(|it| *it > 0).collect();
    assert_eq!((days, it.figures.seconds.major_outage), (vec![3600, 1200], 4200));
}

#[test]
fn nobody_knows_of_a_group_without_components() {
    for rule in GroupRule::ALL {
        let it = reckon(*rule, &[], Granularity::Day);
        assert_eq!(
            (it.figures.uptime_percent, it.figures.days.unwrap().len()),
            (None, 90),
            "{rule}"
        );
    }
}
