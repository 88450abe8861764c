use domain::incident;
use serde_json::Value;

use super::*;
use crate::Encoding;
use crate::testing::{self, at};

fn text(feed: &Feed, format: Format) -> String {
    String::from_utf8(feed.write(format).body(Encoding::Identity).to_vec()).unwrap()
}

fn feed(incidents: &[Incident], maintenances: &[Maintenance]) -> Feed {
    let page = testing::snapshot().page;
    let place = ("https://api.acme.test/feed.atom", "/feed.atom");
    Feed::new(page, place, None, at(0), incidents, maintenances)
}

#[test]
fn atom_is_read_back_as_it_was_written() {
    let hostile = "<script>\u{1}&\"]]> \u{202e}🦀";
    let mut incident = testing::incident(3, hostile, &[]);
    incident.postmortem = Some(testing::postmortem("Why", Some(at(90))));
    let written =
        text(&feed(&[incident], &[testing::maintenance(4, "Upgrade", &[])]), Format::Atom);
    let read: atom_syndication::Feed = written.parse().unwrap();
    assert_eq!(read.id, "tag:status.acme.test,2005:/history");
    assert_eq!(read.updated, at(30));
    let [planned, down] = read.entries.as_slice() else { panic!("{written}") };
    assert_eq!(planned.id, "tag:status.acme.test,2005:Maintenance/4");
    assert_eq!(
        (down.id.as_str(), down.published),
        ("tag:status.acme.test,2005:Incident/3", Some(at(0).into()))
    );
    assert_eq!(down.title.value, hostile.replace('\u{1}', ""));
    let html = down.content.as_ref().unwrap().value.as_ref().unwrap();
    let (postmortem, found) = (
        html.find("<strong>Postmortem</strong> - Why").unwrap(),
        html.find("<strong>Identified</strong>").unwrap(),
    );
    assert!(postmortem < found, "{html}");
    assert!(
        html.contains(
            "<small>Feb <var data-var='date'>1</var>, <var data-var='time'>09:30</var> UTC</small>"
        ),
        "{html}"
    );
}

#[test]
fn rss_is_read_back_as_it_was_written() {
    let written = text(&feed(&[testing::incident(3, "]]> & <b>", &[])], &[]), Format::Rss);
    let read: ::rss::Channel = written.parse().unwrap();
    let [item] = read.items() else { panic!("{written}") };
    assert_eq!(item.title(), Some("]]> & <b>"));
    assert_eq!(item.link(), Some("https://status.acme.test/incidents/3"));
    assert_eq!(item.guid().map(::rss::Guid::value), item.link());
    assert_eq!(item.pub_date(), Some("Sun, 1 Feb 2026 09:00:00 +0000"));
}

#[test]
fn json_feed_names_its_version_and_itself() {
    let written = text(&feed(&[], &[testing::maintenance(4, "Upgrade", &[])]), Format::Json);
    let read: Value = serde_json::from_str(&written).unwrap();
    assert_eq!(read["version"], "https://jsonfeed.org/version/1.1");
    assert_eq!(read["feed_url"], "https://api.acme.test/feed.atom");
    assert_eq!(read["items"][0]["_farol"]["ends_at"], serde_json::json!(at(660)));
}

#[test]
fn an_occurrence_is_news_when_it_comes_near() {
    let mut far = testing::maintenance(4, "Weekly", &[]);
    far.series_id = Some(testing::id(9));
    far.starts_at = at(60 * 24 * 40);
    let feed = feed(&[], &[far]);
    assert_eq!(feed.entries[0].published, at(60 * 24 * 10));
    assert_eq!(feed.entries[0].published, feed.entries[0].updated);
}

#[test]
fn every_state_has_a_label_and_several_paragraphs_stay_apart() {
    let mut incident = testing::incident(3, "Down", &[]);
    incident.updates[0].message_html = "<p>One</p>\n<p>Two</p>".to_owned();
    for status in incident::Status::ALL {
        incident.updates[0].status = *status;
        let entry = entry::Entry::of_incident(&incident, "host", chrono_tz::Tz::UTC);
        let label = status.as_str();
        assert!(
            entry
                .html
                .to_lowercase()
                .contains(&format!("<strong>{label}</strong> - </p><p>one</p>")),
            "{}",
            entry.html
        );
    }
}

#[test]
fn a_host_is_found_in_an_address() {
    for (url, expected) in [
        ("https://status.acme.test", "status.acme.test"),
        ("http://127.0.0.1:8080", "127.0.0.1"),
        ("https://acme.test:8443/status", "acme.test"),
        ("http://[::1]:80", "[::1]"),
    ] {
        assert_eq!(host(url), expected);
    }
}
