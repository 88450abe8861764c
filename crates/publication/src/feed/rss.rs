//! RSS 2.0 (rssboard.org), with the channel's own address as RSS Advisory Board's best practices ask.
use std::collections::BTreeMap;

use rss::extension::atom::{AtomExtension, Link};
use rss::{Channel, Guid, Item};

use super::Feed;
use super::entry::Entry;

pub(super) fn write(feed: &Feed) -> Vec<u8> {
    let own = Link {
        href: feed.url.clone(),
        rel: "self".to_owned(),
        mime_type: Some("application/rss+xml".to_owned()),
        ..Link::default()
    };
    let atom = "http://www.w3.org/2005/Atom".to_owned();
    let channel = Channel {
        title: feed.title(),
        link: feed.page.url.clone(),
        description: "Statuspage".to_owned(),
        language: Some("en".to_owned()),
        pub_date: Some(feed.updated_at.to_rfc2822()),
        items: feed.entries.iter().map(item).collect(),
        atom_ext: Some(AtomExtension { links: vec![own] }),
        namespaces: BTreeMap::from([("atom".to_owned(), atom)]),
        ..Channel::default()
    };
    channel.write_to(Vec::new()).unwrap_or_else(|_| unreachable!("a vector takes every byte"))
}

fn item(entry: &Entry) -> Item {
    Item {
        title: Some(entry.title.clone()),
        link: Some(entry.url.clone()),
        description: Some(entry.html.clone()),
        guid: Some(Guid { value: entry.url.clone(), permalink: true }),
        pub_date: Some(entry.published.to_rfc2822()),
        ..Item::default()
    }
}
