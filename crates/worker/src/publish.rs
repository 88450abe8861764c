//! Keeping the page in memory true.
use std::sync::Arc;
use std::time::Duration;

use app::status::Version;
use app::{Db, Error};
use domain::caller::Visibility;
use publication::{Live, Pages, Sheet};
use tokio::sync::watch;

use crate::{Settings, pause, seam};

/// How often the version is looked at when nobody rings.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Least time between two builds that other replicas' news cause.
const DEBOUNCE: Duration = Duration::from_millis(20);

pub async fn run(settings: Settings, mut stopped: watch::Receiver<bool>) {
    let Settings { db, live, page_file, bells, .. } = settings;
    while !*stopped.borrow() {
        let (shared, file) = (Arc::clone(&live), page_file.clone());
        let looked = seam::run(&db, move |db| {
            look(db, &shared)?;
            if let Some(file) = file {
                file.keep(&shared);
            }
            Ok(())
        });
        if let Err(error) = looked.await {
            live.doubt();
            tracing::debug!(%error, "the page could not be looked at");
        }
        pause(&bells.publish, LOOK_EVERY, &mut stopped).await;
        tokio::time::sleep(DEBOUNCE).await;
    }
    if let Some(file) = page_file {
        file.write(&live);
    }
}

/// Finds out whether the page is still true, and renders here what hardly ever a reader has to.
fn look(db: &Db, live: &Live) -> Result<(), Error> {
    let Version { public, internal, now } = db.read(app::status::version)?;
    if live.pages().and_then(|it| it.versions()) == Some((public, internal)) {
        live.confirm(now);
    } else {
        refresh(db, live)?;
    }
    if let Some(pages) = live.pages() {
        for sheet in [Sheet::Status, Sheet::Summary] {
            pages.sheet(sheet, Visibility::Public);
        }
        live.shelf().renew(|audience| pages.version(audience), live.now());
    }
    Ok(())
}

/// Brings the page up to date, unless somebody did since this was called. Blocks.
pub fn refresh(db: &Db, live: &Live) -> Result<(), Error> {
    live.refresh(|held| {
        let held = held.and_then(Pages::snapshot);
        db.read(|db| app::status::snapshot(db, held)).map(Pages::new)
    })
}
