//! The page of one instant, and the documents that need nothing else.
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use domain::caller::Visibility;
use domain::page::Snapshot;

use crate::document::Document;
use crate::status::StatusDocument;
use crate::statuspage;
use crate::view::View;

/// A document that shows the present page and nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sheet {
    /// The whole page.
    Status,
    /// Statuspage's `summary.json`, and so on.
    Summary,
    ShortStatus,
    Components,
    Unresolved,
    Upcoming,
    Active,
}

impl Sheet {
    /// Every sheet, each in its own place.
    pub const ALL: [Self; 7] = [
        Self::Status,
        Self::Summary,
        Self::ShortStatus,
        Self::Components,
        Self::Unresolved,
        Self::Upcoming,
        Self::Active,
    ];

    /// Its place in [`Self::ALL`].
    pub fn place(self) -> usize {
        Self::ALL.into_iter().take_while(|it| *it != self).count()
    }

    /// Where it is served.
    pub const fn path(self) -> &'static str {
        match self {
            Self::Status => "/api/v1/status",
            Self::Summary => "/api/v2/summary.json",
            Self::ShortStatus => "/api/v2/status.json",
            Self::Components => "/api/v2/components.json",
            Self::Unresolved => "/api/v2/incidents/unresolved.json",
            Self::Upcoming => "/api/v2/scheduled-maintenances/upcoming.json",
            Self::Active => "/api/v2/scheduled-maintenances/active.json",
        }
    }

    /// What is served there.
    pub fn at(path: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.path() == path)
    }

    fn of(self, view: &View) -> Document {
        match self {
            Self::Status => Document::json(&StatusDocument::of(view)),
            Self::Summary => statuspage::document(&statuspage::Summary::of(view)),
            Self::ShortStatus => statuspage::document(&statuspage::ShortStatus::of(view)),
            Self::Components => statuspage::document(&statuspage::Components::of(view)),
            Self::Unresolved => statuspage::document(&statuspage::Incidents::unresolved(view)),
            Self::Upcoming => statuspage::document(&statuspage::Maintenances::upcoming(view)),
            Self::Active => statuspage::document(&statuspage::Maintenances::active(view)),
        }
    }
}

/// The page of one instant. What is made of it is made when it is first asked for, so that many
/// writes in a row do not render what nobody reads.
#[derive(Debug)]
pub struct Pages {
    /// Nothing, if the page comes from the disk: then there is the public side alone.
    snapshot: Option<Snapshot>,
    public: Side,
    internal: Side,
}

/// What readers of one kind see.
#[derive(Debug, Default)]
struct Side {
    view: OnceLock<View>,
    sheets: [OnceLock<Document>; Sheet::ALL.len()],
    /// Whether anybody read them.
    read: [AtomicBool; Sheet::ALL.len()],
}

impl Pages {
    /// The page that a snapshot shows.
    pub fn new(snapshot: Snapshot) -> Self {
        Self { snapshot: Some(snapshot), public: Side::default(), internal: Side::default() }
    }

    /// The page as the public saw it once.
    pub fn restored(view: View) -> Self {
        let public = Side { view: OnceLock::from(view), ..Side::default() };
        Self { snapshot: None, public, internal: Side::default() }
    }

    /// What is shown, unless the page was restored.
    pub fn snapshot(&self) -> Option<&Snapshot> {
        self.snapshot.as_ref()
    }

    /// The versions of the page, public and with everything, unless it was restored.
    pub fn versions(&self) -> Option<(i64, i64)> {
        self.snapshot.as_ref().map(|it| (it.public_version, it.internal_version))
    }

    /// The version of the page that readers of this kind see; nothing if they see none.
    pub fn version(&self, audience: Visibility) -> Option<i64> {
        match (&self.snapshot, audience) {
            (Some(snapshot), Visibility::Internal) => Some(snapshot.internal_version),
            (Some(snapshot), Visibility::Public) => Some(snapshot.public_version),
            (None, _) => self.side(audience).view.get().map(|it| it.version),
        }
    }

    /// What readers of this kind see; nothing for those with `read` if the page was restored.
    pub fn view(&self, audience: Visibility) -> Option<&View> {
        let view = &self.side(audience).view;
        match &self.snapshot {
            Some(snapshot) => Some(view.get_or_init(|| View::of(snapshot, audience))),
            None => view.get(),
        }
    }

    /// A document for readers of this kind; nothing as in [`Self::view`].
    pub fn sheet(&self, sheet: Sheet, audience: Visibility) -> Option<&Document> {
        let read = self.side(audience).read.get(sheet.place())?;
        // Looked at first, because a write would take the line from the other readers' caches.
        if !read.load(Ordering::Relaxed) {
            read.store(true, Ordering::Relaxed);
        }
        self.made(sheet, audience)
    }

    fn made(&self, sheet: Sheet, audience: Visibility) -> Option<&Document> {
        let slot = self.side(audience).sheets.get(sheet.place())?;
        if let Some(document) = slot.get() {
            return Some(document);
        }
        let view = self.view(audience)?;
        Some(slot.get_or_init(|| sheet.of(view)))
    }

    /// Makes what was read of the page before this one, in the encodings in which it was; without one
    /// the status.
    pub fn prepare(&self, before: Option<&Self>) {
        let Some(before) = before else {
            self.made(Sheet::Status, Visibility::Public);
            return;
        };
        for audience in [Visibility::Public, Visibility::Internal] {
            let Side { read, sheets, .. } = before.side(audience);
            for ((sheet, read), last) in Sheet::ALL.into_iter().zip(read).zip(sheets) {
                if read.load(Ordering::Relaxed)
                    && let (Some(last), Some(now)) = (last.get(), self.made(sheet, audience))
                {
                    now.pack_like(last);
                }
            }
        }
    }

    fn side(&self, audience: Visibility) -> &Side {
        match audience {
            Visibility::Public => &self.public,
            Visibility::Internal => &self.internal,
        }
    }
}
