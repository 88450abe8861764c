use super::*;

#[test]
fn nobody_is_called() {
    for (text, tame) in [
        ("@here", "@\u{200b}here"),
        ("hi @everyone!", "hi @\u{200b}everyone!"),
        ("ops@example.org", "ops@example.org"),
        (
            "<!channel> <@U1> <users/all>",
            "<\u{200b}!channel> <\u{200b}@\u{200b}U1> <\u{200b}users/all>",
        ),
        ("{{DATE(2026)}}", "{\u{200b}{DATE(2026)}}"),
    ] {
        assert_eq!(tamed(text, ""), tame, "{text}");
    }
    // However it is written.
    assert_eq!(MATTERMOST.body("&#64;here \\@all", 100), "@\u{200b}here @\u{200b}all");
}

#[test]
fn marks_of_people_are_no_markup() {
    assert_eq!(DISCORD.line("*a* [b](https://c) `d`", 100), "\\*a\\* \\[b\\](https://c) \\`d\\`");
    assert_eq!(WHATSAPP.line("*a* _b_ c_d", 100), "∗a∗ ＿b＿ c_d");
    assert_eq!(ROCKET_CHAT.line("[b](c)", 100), "[b]\u{200b}(c)");
}

#[test]
fn code_stays_as_it_is() {
    assert_eq!(DISCORD.body("run `rm a_b *`", 100), "run `rm a_b *`");
    assert_eq!(WHATSAPP.body("```\na * _b_\n```", 100), "```\na * _b_\n```");
    assert_eq!(TEAMS.body("run `rm *`", 100), "run rm \\*");
    assert_eq!(DISCORD.body("`` a ` b ``", 100), "`a \u{2cb} b`");
}

#[test]
fn every_chat_writes_its_own_markup() {
    let markdown = "## What\n\n**Fixed** *now*, see [the page](https://a.example/x_(y)) or \
        https://a.example/b_c.\n\n- one\n- two\n\n> said";
    let link = "https://a.example/x_%28y%29";
    assert_eq!(
        DISCORD.body(markdown, 1_000),
        format!(
            "**What**\n\n**Fixed** *now*, see [the page]({link}) or \
            https://a.example/b_c.\n\n• one\n• two\n\n> said"
        )
    );
    assert_eq!(
        GOOGLE_CHAT.body(markdown, 1_000),
        format!(
            "*What*\n\n*Fixed* _now_, see <{link}|the page> or \
            https://a.example/b_c.\n\n• one\n• two\n\nsaid"
        )
    );
    assert_eq!(
        WHATSAPP.body("[the page](https://a.example/x_(y))", 1_000),
        "the page (https://a.example/x_(y))"
    );
    assert_eq!(
        TEAMS.body("https://a.example/b_c", 1_000),
        "[https://a.example/b\\_c](https://a.example/b_c)"
    );
}

#[test]
fn lines_keep_their_limit() {
    for text in ["*".repeat(4_000), "👩‍👩‍👧‍👦".repeat(400), "שלום ".repeat(800)]
    {
        for chat in [&DISCORD, &WHATSAPP] {
            let line = chat.line(&text, 256);
            assert!(Unit::Utf16.of(&line) <= 256 && line.ends_with('…'), "{line}");
            assert!(!line.trim_end_matches('…').ends_with("\\\\\\"), "{line}");
        }
    }
}
