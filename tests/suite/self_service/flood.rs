//! Nobody can make Farol pester an address.
use chrono::Duration;
use serde_json::json;
use tests::World;

use super::{URL, ask, asked, confirmed, link};
use crate::check::problem;
use crate::delivery::number;

#[tokio::test]
async fn an_address_is_asked_once_in_ten_minutes_and_five_times_a_day() {
    let world = World::new().await;
    let minutes = [(0, 1), (0, 1), (9, 1), (11, 2), (22, 3), (33, 4), (44, 5), (55, 5)];
    let day = 24 * 60;
    for (minutes, n_asked) in minutes.into_iter().chain([(day - 1, 5), (day + 1, 6), (day + 5, 6)])
    {
        world.set_clock(Duration::minutes(minutes));
        ask(&world, URL).await.expect(202);
        assert_eq!(asked(&world).len(), n_asked, "after {minutes} minutes");
    }
    assert_eq!(number(&world, "select count(*) from subscriptions"), 1);
    let messages = asked(&world);
    assert_eq!(messages[0]["confirm_url"], messages[5]["confirm_url"]);
    assert_eq!(messages[0]["secret"], messages[5]["secret"]);
    assert_ne!(messages[0]["challenge"], messages[5]["challenge"]);
}

#[tokio::test]
async fn spellings_of_one_address_are_one_address() {
    let world = World::new().await;
    for url in [URL, "HTTPS://Hooks.Example.org:443/farol", "https://hooks.example.org/farol#x"] {
        ask(&world, url).await.expect(202);
    }
    assert_eq!(asked(&world).len(), 1);
}

#[tokio::test]
async fn many_at_once_are_one() {
    let world = World::new().await;
    let ask = || ask(&world, URL);
    let (a, b, c, d) = tokio::join!(ask(), ask(), ask(), ask());
    for reply in [a, b, c, d] {
        reply.expect(202);
    }
    assert_eq!(asked(&world).len(), 1);
    assert_eq!(number(&world, "select count(*) from subscriptions"), 1);
}

#[tokio::test]
async fn one_caller_may_ask_twenty_times_an_hour() {
    let world = World::new().await;
    for n in 0..20 {
        ask(&world, &format!("https://hooks.example.org/{n}")).await.expect(202);
    }
    let other = world.second_replica().await;
    let wish = json!({"channel": "webhook", "config": {"url": URL}});
    let refused = other.anonymous().post(super::SUBSCRIBE, &wish).await;
    problem(&refused, 429);
    let wait: i64 = refused.header("retry-after").parse().expect("seconds");
    assert!((3_000..=3_601).contains(&wait), "{wait}");
    assert_eq!(asked(&world).len(), 20);
    world.set_clock(Duration::minutes(61));
    ask(&world, URL).await.expect(202);
    assert_eq!(asked(&world).len(), 21);
}

#[tokio::test]
async fn who_is_subscribed_is_reminded_once_a_day() {
    let world = World::new().await;
    let message = confirmed(&world, URL).await;
    for (hours, n_told) in [(0, 2), (1, 2), (23, 2), (25, 3)] {
        world.set_clock(Duration::hours(hours));
        ask(&world, URL).await.expect(202);
        let told = asked(&world);
        assert_eq!(told.len(), n_told, "after {hours} hours");
        let last = told.last().expect("a message");
        assert_eq!((&last["id"], &last["already"]), (&message["id"], &json!(true)));
        assert_eq!(link(last, "manage_url"), link(&message, "manage_url"));
        assert_eq!(last.get("secret"), None);
    }
}

#[tokio::test]
async fn until_it_is_confirmed_the_last_wish_counts() {
    let world = World::new().await;
    ask(&world, URL).await.expect(202);
    world.set_clock(Duration::minutes(11));
    let wish = json!({"channel": "webhook", "config": {"url": URL, "format": "statuspage"},
        "locale": "pt-BR", "filter": {"min_impact": "major"}});
    world.anonymous().post(super::SUBSCRIBE, &wish).await.expect(202);
    let message = asked(&world).pop().expect("a message");
    let now = super::seen(&world, &message).await.expect(200).json;
    assert_eq!(now["config"]["format"], "statuspage");
    assert_eq!((&now["locale"], &now["state"]), (&json!("pt-BR"), &json!("pending")));
    assert_eq!(now["filter"]["min_impact"], "major");
}
