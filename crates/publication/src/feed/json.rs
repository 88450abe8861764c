//! JSON Feed 1.1 (jsonfeed.org).
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::Feed;

/// A feed (JSON Feed 1.1).
#[derive(Serialize, ToSchema)]
pub struct JsonFeed {
    #[schema(value_type = String, example = "https://jsonfeed.org/version/1.1")]
    version: &'static str,
    title: String,
    home_page_url: String,
    feed_url: String,
    #[schema(value_type = String, example = "en")]
    language: &'static str,
    authors: Vec<Author>,
    /// Newest first.
    items: Vec<Item>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = JsonFeedAuthor)]
struct Author {
    name: String,
    url: String,
}

/// An incident or a maintenance.
#[derive(Serialize, ToSchema)]
#[schema(as = JsonFeedItem)]
struct Item {
    id: String,
    url: String,
    title: String,
    content_html: String,
    date_published: DateTime<Utc>,
    date_modified: DateTime<Utc>,
    /// What Farol adds; readers skip what begins with `_`.
    #[serde(rename = "_farol", skip_serializing_if = "Option::is_none")]
    extension: Option<Extension>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = JsonFeedExtension)]
struct Extension {
    /// When a maintenance ends.
    ends_at: DateTime<Utc>,
}

pub(super) fn write(feed: &Feed) -> Vec<u8> {
    let items = feed.entries.iter().map(|it| Item {
        id: it.id.clone(),
        url: it.url.clone(),
        title: it.title.clone(),
        content_html: it.html.clone(),
        date_published: it.published,
        date_modified: it.updated,
        extension: it.ends_at.map(|ends_at| Extension { ends_at }),
    });
    let author = Author { name: feed.page.name.clone(), url: feed.page.url.clone() };
    let document = JsonFeed {
        version: "https://jsonfeed.org/version/1.1",
        title: feed.title(),
        home_page_url: feed.page.url.clone(),
        feed_url: feed.url.clone(),
        language: "en",
        authors: vec![author],
        items: items.collect(),
    };
    serde_json::to_vec(&document).unwrap_or_else(|_| unreachable!("documents are plain data"))
}
