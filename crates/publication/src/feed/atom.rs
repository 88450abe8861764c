//! Atom 1.0 (RFC 4287).
use atom_syndication::{Content, Feed as Atom, Link, Person, Text};
use chrono::{DateTime, FixedOffset, Utc};

use super::{Feed, clean};

pub(super) fn write(feed: &Feed) -> Vec<u8> {
    let link = |rel: &str, href: &str, mime: &str| Link {
        href: href.to_owned(),
        rel: rel.to_owned(),
        mime_type: Some(mime.to_owned()),
        ..Link::default()
    };
    let entries = feed.entries.iter().map(|it| atom_syndication::Entry {
        title: Text::plain(it.title.clone()),
        id: it.id.clone(),
        updated: fixed(it.updated),
        published: Some(fixed(it.published)),
        links: vec![link("alternate", &it.url, "text/html")],
        content: Some(Content {
            content_type: Some("html".to_owned()),
            value: Some(it.html.clone()),
            ..Content::default()
        }),
        ..atom_syndication::Entry::default()
    });
    let atom = Atom {
        title: Text::plain(feed.title()),
        id: feed.id(),
        updated: fixed(feed.updated_at),
        authors: vec![Person { name: clean(&feed.page.name), ..Person::default() }],
        links: vec![
            link("alternate", &feed.page.url, "text/html"),
            link("self", &feed.url, "application/atom+xml"),
        ],
        entries: entries.collect(),
        lang: Some("en".to_owned()),
        ..Atom::default()
    };
    atom.write_to(Vec::new()).unwrap_or_else(|_| unreachable!("a vector takes every byte"))
}

fn fixed(at: DateTime<Utc>) -> DateTime<FixedOffset> {
    at.fixed_offset()
}
