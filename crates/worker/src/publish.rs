//! Keeping the page in memory true.
use std::sync::Arc;
use std::time::{Duration, Instant};

use app::status::Version;
use app::{Db, Error};
use publication::{Live, Pages};
use tokio::sync::watch;

use crate::{Settings, pause, seam};

/// How often the version is looked at when nobody rings.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Least time between two builds that other replicas' news cause.
const DEBOUNCE: Duration = Duration::from_millis(20);

pub async fn run(settings: Settings, mut stopped: watch::Receiver<bool>) {
    let Settings { db, live, page_file, bells, .. } = settings;
    let mut shown = None;
    while !*stopped.borrow() {
        let (shared, file) = (Arc::clone(&live), page_file.clone());
        let mut last = shown.take();
        let looked = seam::run(&db, move |db| {
            look(db, &shared, &mut last)?;
            if let Some(file) = file {
                file.keep(&shared);
            }
            Ok(last)
        });
        match looked.await {
            Ok(pages) => shown = pages,
            Err(error) => {
                live.doubt();
                tracing::debug!(%error, "the page could not be looked at");
            }
        }
        pause(&bells.publish, LOOK_EVERY, &mut stopped).await;
        tokio::time::sleep(DEBOUNCE).await;
    }
    if let Some(file) = page_file {
        file.write(&live);
    }
}

/// Finds out whether the page is still true, and renders here what hardly ever a reader has to: what
/// was read of the page that was `shown` last.
fn look(db: &Db, live: &Live, shown: &mut Option<Arc<Pages>>) -> Result<(), Error> {
    let Version { public, internal, now } = db.read(app::status::version)?;
    if live.pages().and_then(|it| it.versions()) == Some((public, internal)) {
        live.confirm(now);
    } else {
        refresh(db, live)?;
    }
    if let Some(pages) = live.pages() {
        if shown.as_ref().is_none_or(|it| !Arc::ptr_eq(it, &pages)) {
            let began = Instant::now();
            pages.prepare(shown.as_deref());
            metrics::histogram!("farol_page_render_seconds").record(began.elapsed());
        }
        live.shelf().renew(|audience| pages.version(audience), live.now());
        *shown = Some(pages);
    }
    Ok(())
}

/// Brings the page up to date, unless somebody did since this was called. Blocks.
pub fn refresh(db: &Db, live: &Live) -> Result<(), Error> {
    live.refresh(|held| {
        let began = Instant::now();
        let held = held.and_then(Pages::snapshot);
        let built = db.read(|db| app::status::snapshot(db, held)).map(Pages::new);
        metrics::histogram!("farol_page_build_seconds").record(began.elapsed());
        built
    })
}
