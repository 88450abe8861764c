//! Texts of people that mean something to a provider: none of it may take effect, and none of it
//! may keep the message from arriving.
use serde_json::json;
use tests::{Chats, World};

use super::{Place, all_flawless, join_all, places};
use crate::incident::{opening, update};

/// As long as a title may be.
const TITLE_MAX: usize = 200;

fn filled(with: &str) -> String {
    with.chars().cycle().take(TITLE_MAX).collect()
}

/// A title and a message each.
fn texts() -> Vec<(String, String)> {
    let calls = "@here @channel @everyone @all <!channel> <!here|x> <@U012AB3CD> <#C1> <!subteam^S1> \
        <users/all> @ada [@ada](tg://user?id=1)";
    let marks =
        "*a* _b_ ~c~ `d` **e** [f](https://evil.example) ||g|| > h # i &lt;b&gt; \\*j\\* __k__";
    let html = "<b>a</b> <script>b()</script> <a href='https://evil.example'>c</a> & &amp; &#60;d&#62; \"'";
    let machine =
        "{{ page }} {% raw %} {{DATE(2026-01-01)}} ${x} %s \\u0000 \\n \" ' ; -- {\"a\":1}";
    let turned = "\u{202e}kcab\u{202c} \u{200f}שלום עולם\u{200e} مرحبا \u{2067}x\u{2069}";
    let family = "\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}\u{200d}\u{1f466}";
    let flags = "\u{1f3f4}\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f} e\u{301}\u{327}";
    let fenced =
        format!("```\n{calls}\n{html}\n```\n\n> {marks}\n\n1. {calls}\n2. `{html}`\n\n---\n");
    vec![
        (filled(calls), calls.repeat(40)),
        (filled(marks), format!("{marks}\n\n").repeat(45)),
        (filled(html), fenced.repeat(12)),
        (machine.to_owned(), format!("{machine}\n").repeat(50)),
        (format!("{turned} {flags}"), format!("{turned}\n{flags}\n\n").repeat(60)),
        // Whole families: what is cut in half is so by us.
        (family.repeat(TITLE_MAX / family.chars().count()), family.repeat(800)),
        ("*".repeat(TITLE_MAX), "[".repeat(2_000) + &"](".repeat(2_000)),
        ("&".repeat(TITLE_MAX), "<".repeat(10_000) + &"&".repeat(10_000)),
    ]
}

#[tokio::test]
async fn hostile_texts_arrive_everywhere_and_do_no_harm() {
    let (world, chats) = (World::new().await, Chats::start().await);
    let places = places(&chats);
    join_all(&world, &places, &json!({})).await;
    let component = json!({"name": "<!here> *Check* [out](x) & \"co\"", "slug": "checkout"});
    world.post("/api/v1/components", &component).await.expect(201);
    let texts = texts();
    for (title, message) in &texts {
        let mut new = opening(&["checkout"], "partial_outage");
        (new["title"], new["message"]) = (json!(title), json!(message));
        world.incident(new).await;
    }
    for Place { name, .. } in &places {
        let told = chats.wait_for(name, texts.len()).await;
        assert_eq!(told.len(), texts.len(), "{name}");
    }
    all_flawless(&chats, &places).await;
}

#[tokio::test]
async fn hostile_texts_are_edited_in_everywhere() {
    let (world, chats) = (World::new().await, Chats::start().await);
    let mut places = places(&chats);
    places.retain(|it| ["slack", "telegram", "discord"].contains(&it.name));
    join_all(&world, &places, &json!({})).await;
    for (title, message) in texts().split_off(5) {
        let mut new = opening(&[], "");
        (new["title"], new["message"]) = (json!(title), json!(message));
        let incident = world.incident(new).await;
        let body = json!({"status": "resolved", "message": message});
        update(&world, &incident, body).await.expect(201);
    }
    for Place { name, .. } in &places {
        chats.wait_for(name, 6).await;
    }
    all_flawless(&chats, &places).await;
}
