//! What is internal reaches no public byte: shown with random pages whose internal fields all hold
//! a marker. The public documents must neither hold it nor differ from those of a page on which
//! nothing internal ever was.
use std::sync::Arc;

use domain::caller::Visibility::{self, Internal, Public};
use domain::component::{Component, Status};
use domain::group::Group;
use domain::history::{Month, Past};
use domain::incident::{self, Incident};
use domain::maintenance::Maintenance;
use domain::page::Snapshot;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::feed::{Feed, Format};
use crate::testing::{self, at};
use crate::{Document, Encoding, HistoryDocument, Pages, Sheet, View, archive, statuspage};

const MARKER: &str = "zqxsecret";

fn marked() -> Map<String, Value> {
    Map::from_iter([(MARKER.to_owned(), json!(MARKER))])
}

/// What one component, group, incident or maintenance is like.
#[derive(Clone, Debug)]
struct Wish {
    is_public: bool,
    status: Status,
    /// Places in the other lists.
    touches: Vec<usize>,
    flag: bool,
}

fn wishes(most: usize) -> impl Strategy<Value = Vec<Wish>> {
    let status = proptest::sample::select(Status::ALL);
    let touches = proptest::collection::vec(0..8_usize, 0..4);
    let wish = (any::<bool>(), status, touches, any::<bool>())
        .prop_map(|(is_public, status, touches, flag)| Wish { is_public, status, touches, flag });
    proptest::collection::vec(wish, 0..most)
}

const fn visibility(wish: &Wish) -> Visibility {
    if wish.is_public { Public } else { Internal }
}

fn name(wish: &Wish, kind: &str, n: usize) -> String {
    if wish.is_public { format!("{kind} {n}") } else { format!("{MARKER} {kind} {n}") }
}

fn number(base: u64, n: usize) -> u64 {
    base + u64::try_from(n).unwrap()
}

fn group(n: usize, wish: &Wish) -> Group {
    let mut group = testing::group(number(100, n), &name(wish, "group", n));
    group.visibility = visibility(wish);
    group.description = (!wish.is_public).then(|| MARKER.to_owned());
    group
}

fn component(n: usize, wish: &Wish, groups: &[Group]) -> Component {
    let group = wish.touches.first().and_then(|it| groups.get(*it));
    let mut component = testing::component(number(200, n), &name(wish, "component", n), group);
    component.visibility = visibility(wish);
    component.status = wish.status;
    component.metadata = marked();
    component.link = (!wish.is_public).then(|| MARKER.to_owned());
    component
}

fn touched<'c>(wish: &Wish, components: &'c [Component]) -> Vec<&'c Component> {
    let mut places = wish.touches.clone();
    places.sort_unstable();
    places.dedup();
    places.iter().filter_map(|it| components.get(*it)).collect()
}

fn incident(n: usize, wish: &Wish, components: &[Component]) -> Incident {
    let title = name(wish, "incident", n);
    let mut incident = testing::incident(number(300, n), &title, &touched(wish, components));
    incident.visibility = visibility(wish);
    incident.dedup_key = Some(MARKER.to_owned());
    incident.source = Some(MARKER.to_owned());
    incident.metadata = marked();
    for update in &mut incident.updates {
        update.author = Some(MARKER.to_owned());
    }
    if wish.flag {
        incident.postmortem = Some(testing::postmortem(MARKER, None));
        incident.status = incident::Status::Resolved;
        incident.resolved_at = Some(at(45));
    }
    incident
}

fn maintenance(n: usize, wish: &Wish, components: &[Component]) -> Maintenance {
    let title = name(wish, "maintenance", n);
    let mut maintenance = testing::maintenance(number(400, n), &title, &touched(wish, components));
    maintenance.visibility = visibility(wish);
    maintenance.dedup_key = Some(MARKER.to_owned());
    maintenance.source = Some(MARKER.to_owned());
    maintenance.metadata = marked();
    for update in &mut maintenance.updates {
        update.author = Some(MARKER.to_owned());
    }
    if wish.flag {
        maintenance.status = domain::maintenance::Status::InProgress;
        maintenance.started_at = Some(at(10));
    }
    maintenance
}

#[derive(Clone, Debug)]
struct World {
    groups: Vec<Group>,
    components: Vec<Component>,
    incidents: Vec<Incident>,
    maintenances: Vec<Maintenance>,
}

fn worlds() -> impl Strategy<Value = World> {
    (wishes(4), wishes(8), wishes(6), wishes(6)).prop_map(|(groups, parts, incidents, planned)| {
        let each = |wishes: &[Wish]| wishes.iter().cloned().enumerate().collect::<Vec<_>>();
        let groups: Vec<_> = each(&groups).iter().map(|(n, it)| group(*n, it)).collect();
        let components: Vec<_> =
            each(&parts).iter().map(|(n, it)| component(*n, it, &groups)).collect();
        let incidents =
            each(&incidents).iter().map(|(n, it)| incident(*n, it, &components)).collect();
        let maintenances =
            each(&planned).iter().map(|(n, it)| maintenance(*n, it, &components)).collect();
        World { groups, components, incidents, maintenances }
    })
}

impl World {
    fn snapshot(&self) -> Snapshot {
        fn shared<T: Clone>(things: &[T]) -> Vec<Arc<T>> {
            things.iter().cloned().map(Arc::new).collect()
        }
        let open: Vec<Incident> =
            self.incidents.iter().filter(|it| it.is_open()).cloned().collect();
        let (later, listed): (Vec<Maintenance>, Vec<Maintenance>) =
            self.maintenances.iter().cloned().partition(|it| it.number % 2 == 0);
        Snapshot {
            groups: shared(&self.groups),
            components: shared(&self.components),
            incidents: shared(&open),
            maintenances: shared(&listed),
            later: shared(&later),
            ..testing::snapshot()
        }
    }

    /// The page on which nothing internal ever was.
    fn without_internals(&self) -> Self {
        let is_public = |id: &uuid::Uuid| {
            self.components.iter().any(|it| it.id == *id && it.visibility == Public)
        };
        let mut world = self.clone();
        world.groups.retain(|it| it.visibility == Public);
        world.components.retain(|it| it.visibility == Public);
        world.incidents.retain(|it| it.visibility == Public);
        world.maintenances.retain(|it| it.visibility == Public);
        for component in &mut world.components {
            let group = component.group_id;
            component.group_id =
                group.filter(|id| world.groups.iter().any(|group| group.id == *id));
        }
        for incident in &mut world.incidents {
            incident.components.retain(|it| is_public(&it.id));
            for update in &mut incident.updates {
                update.components.retain(|it| is_public(&it.id));
            }
        }
        for maintenance in &mut world.maintenances {
            maintenance.components.retain(|it| is_public(&it.id));
        }
        world
    }

    /// Every document that strangers may get.
    fn published(&self) -> Vec<String> {
        let live = crate::Live::default();
        live.refresh::<()>(|_| Ok(Pages::new(self.snapshot()))).unwrap();
        let pages = live.pages().unwrap();
        let text = |document: &Document| {
            String::from_utf8(document.body(Encoding::Identity).to_vec()).unwrap()
        };
        let sheets = Sheet::ALL.iter();
        let mut published: Vec<String> =
            sheets.map(|it| text(pages.sheet(*it, Public).unwrap())).collect();
        let view: &View = pages.view(Public).unwrap();
        let incidents: Vec<Incident> =
            self.incidents.iter().cloned().filter_map(Incident::for_public).collect();
        let maintenances: Vec<Maintenance> =
            self.maintenances.iter().cloned().filter_map(Maintenance::for_public).collect();
        let listed = statuspage::Incidents::among(view, &incidents);
        published.push(text(&statuspage::document(&listed)));
        let listed = statuspage::Maintenances::among(view, maintenances.iter());
        published.push(text(&statuspage::document(&listed)));
        let place = ("https://acme.test/feed.atom", "/feed.atom");
        let page = view.page.clone();
        let feed = Feed::new(page.clone(), place, None, at(0), &incidents, &maintenances);
        published.extend([Format::Atom, Format::Rss, Format::Json].map(|it| text(&feed.write(it))));
        let past = Past {
            month: Month::of("2026-02-01".parse().unwrap()),
            zone: chrono_tz::Tz::UTC,
            last_day: "2026-02-02".parse().unwrap(),
            next_day: None,
            is_first: false,
            is_over: false,
            incidents,
            maintenances,
            is_cut: false,
        };
        published.push(text(&Document::json(&HistoryDocument::of(&page, &past))));
        published.push(String::from_utf8(archive::write(&live, at(0)).unwrap()).unwrap());
        published
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn nothing_internal_is_published(world in worlds()) {
        let published = world.published();
        for document in &published {
            prop_assert!(!document.contains(MARKER), "{document}");
        }
        // Nor can anybody tell that there is something to hide.
        prop_assert_eq!(published, world.without_internals().published());
    }
}

/// A search that cannot find anything proves nothing.
#[test]
fn the_marker_is_there_for_callers_with_read() {
    let wish =
        Wish { is_public: false, status: Status::MajorOutage, touches: vec![0], flag: false };
    let groups = vec![group(0, &wish)];
    let components = vec![component(0, &wish, &groups)];
    let incidents = vec![incident(0, &wish, &components)];
    let maintenances = vec![maintenance(0, &wish, &components), maintenance(1, &wish, &components)];
    let world = World { groups, components, incidents, maintenances };
    let pages = Pages::new(world.snapshot());
    let status = pages.sheet(Sheet::Status, Internal).unwrap().body(Encoding::Identity);
    let n_found = String::from_utf8(status.to_vec()).unwrap().matches(MARKER).count();
    assert!(n_found > 20, "{n_found}");
}
