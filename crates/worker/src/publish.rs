//! Keeping the page in memory true.
use std::sync::Arc;
use std::time::Duration;

use app::{Db, Error};
use domain::caller::Visibility;
use publication::{Live, Pages};
use tokio::sync::watch;

use crate::{Bells, pause, seam};

/// How often the version is looked at when nobody rings.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Least time between two builds that other replicas' news cause.
const DEBOUNCE: Duration = Duration::from_millis(20);

pub async fn run(db: Db, live: Arc<Live>, bells: Arc<Bells>, mut stopped: watch::Receiver<bool>) {
    while !*stopped.borrow() {
        let known = live.pages().map(|it| it.versions());
        let shared = Arc::clone(&live);
        let looked = seam::run(&db, move |db| {
            let present = db.read(app::status::version)?;
            if known == Some(present) {
                shared.confirm();
            } else {
                refresh(db, &shared)?;
            }
            // Rendered here, so that hardly ever a reader has to.
            if let Some(pages) = shared.pages() {
                pages.status(Visibility::Public);
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
}

/// Brings the page up to date, unless somebody did since this was called. Blocks.
pub fn refresh(db: &Db, live: &Live) -> Result<(), Error> {
    live.refresh(|held| {
        let held = held.map(Pages::snapshot);
        db.read(|db| app::status::snapshot(db, held)).map(Pages::new)
    })
}
