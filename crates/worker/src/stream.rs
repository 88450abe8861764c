//! Following what happens, for those who read along.
use std::sync::Arc;
use std::time::Duration;

use app::stream::Mark;
use app::{Db, Error, stream};
use domain::caller::Visibility;
use domain::stream::News;
use publication::Live;
use tokio::sync::watch;

use crate::{Bells, pause, publish, seam};

/// How often is looked when nobody rings.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Least time between two looks, so that what costs is shared.
const LINGER: Duration = Duration::from_millis(10);

/// Takes what happened, in order.
pub type Follow = Arc<dyn Fn(News) + Send + Sync>;

pub async fn run(
    db: Db,
    live: Arc<Live>,
    follow: Follow,
    bells: Arc<Bells>,
    mut stopped: watch::Receiver<bool>,
) {
    let mut mark = None;
    while !*stopped.borrow() {
        let (live, follow) = (Arc::clone(&live), Arc::clone(&follow));
        match seam::run(&db, move |db| step(db, &live, &follow, mark)).await {
            Ok((now, more)) => {
                mark = now;
                if more {
                    continue;
                }
            }
            Err(error) => tracing::debug!(%error, "the stream could not be followed"),
        }
        pause(&bells.stream, LOOK_EVERY, &mut stopped).await;
        tokio::time::sleep(LINGER).await;
    }
}

/// Passes on one stretch. It is on the disk by then, so that no crash gives its numbers to others;
/// and the page is brought up to it, so that nobody hears of what they then cannot read.
fn step(
    db: &Db,
    live: &Live,
    follow: &Follow,
    mark: Option<Mark>,
) -> Result<(Option<Mark>, bool), Error> {
    let Some(mark) = mark else {
        let mark = db.read(stream::start)?;
        // Of a database that was put back, the page may hold what is no longer so.
        publish::refresh(db, live)?;
        follow(News::From(mark.place));
        return Ok((Some(mark), true));
    };
    let Some(stretch) = db.read(|db| stream::next(db, &mark))? else {
        tracing::warn!("the order of events is another one than before: readers begin anew");
        return Ok((None, true));
    };
    if !stretch.facts.is_empty() {
        db.write(stream::secure)?;
        catch_up(db, live, &stretch.end)?;
        follow(News::Facts(stretch.facts, stretch.end.place));
    }
    Ok((Some(stretch.end), stretch.more))
}

fn catch_up(db: &Db, live: &Live, mark: &Mark) -> Result<(), Error> {
    let version = live.pages().and_then(|it| it.version(Visibility::Internal));
    if version.is_some_and(|it| it >= mark.place.internal) {
        return Ok(());
    }
    publish::refresh(db, live)
}
