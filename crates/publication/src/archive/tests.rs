use domain::caller::Visibility;
use domain::page::Snapshot;

use super::*;
use crate::testing::{self, at};
use crate::{Live, Pages, Sheet};

fn live() -> Live {
    let internal = domain::component::Component {
        visibility: Visibility::Internal,
        ..testing::component(2, "Vault", None)
    };
    let api = testing::component(3, "API", None);
    let snapshot = Snapshot {
        incidents: vec![testing::incident(4, "Down", &[&api, &internal]).into()],
        maintenances: vec![testing::maintenance(5, "Upgrade", &[&api]).into()],
        later: vec![testing::maintenance(6, "Move", &[&internal]).into()],
        components: vec![api.into(), internal.into()],
        ..testing::snapshot()
    };
    let live = Live::default();
    live.refresh::<()>(|_| Ok(Pages::new(snapshot))).unwrap();
    live
}

#[test]
fn a_restored_page_gives_the_same_documents() {
    let before = live();
    before.shelf().restore("/feed.json".into(), Document::new(b"{}".to_vec()), 1);
    let bytes = write(&before, at(0)).unwrap();
    assert!(!String::from_utf8_lossy(&bytes).contains("Vault"));
    let after = Live::default();
    restore(&after, &bytes, at(5)).unwrap();
    let stale = after.stale_for().unwrap().as_secs();
    assert!((300..302).contains(&stale), "{stale}");
    let (before, pages) = (before.pages().unwrap(), after.pages().unwrap());
    for sheet in Sheet::ALL {
        let body = |pages: &Pages| {
            pages.sheet(sheet, Visibility::Public).unwrap().body(Encoding::Identity)
        };
        assert_eq!(body(&before), body(&pages), "{sheet:?}");
        assert!(pages.sheet(sheet, Visibility::Internal).is_none());
    }
    let key = crate::shelf::Key { audience: Visibility::Public, uri: "/feed.json".into() };
    assert_eq!(after.shelf().last(&key).unwrap().document().body(Encoding::Identity), "{}");
    assert!(after.shelf().present(&key, 1, at(0)).is_none());
}

#[test]
fn what_is_no_page_is_refused() {
    let live = Live::default();
    for bytes in [&b""[..], b"{}", b"\0", br#"{"format":1}"#] {
        assert!(restore(&live, bytes, at(0)).is_err());
    }
    let other = String::from_utf8(write(&self::live(), at(0)).unwrap()).unwrap();
    let other = other.replacen("\"format\":1", "\"format\":0", 1);
    assert!(matches!(restore(&live, other.as_bytes(), at(0)), Err(Unreadable::Format(0))));
    assert!(live.pages().is_none());
}
