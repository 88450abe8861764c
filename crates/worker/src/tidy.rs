//! Measuring, repairing, forgetting.
use std::time::Duration;

use app::{Db, Error};
use tokio::sync::{Notify, watch};

use crate::{pause, seam};

const MEASURE_EVERY: Duration = Duration::from_secs(5);
/// In measurements.
const SWEEP_EVERY: u32 = 6;
const PRUNE_EVERY: u32 = 120;
/// Rows of a kind deleted at once.
const PRUNED_AT_ONCE: u16 = 5_000;

pub async fn run(db: Db, mut stopped: watch::Receiver<bool>) {
    let never = Notify::new();
    let mut round: u32 = 0;
    while !*stopped.borrow() {
        let done = seam::run(&db, move |db| tidy(db, round)).await;
        if let Err(error) = done {
            tracing::warn!(%error, "tidying up failed");
        }
        round = round.wrapping_add(1);
        pause(&never, MEASURE_EVERY, &mut stopped).await;
    }
}

fn tidy(db: &Db, round: u32) -> Result<(), Error> {
    measure(db)?;
    app::receipt::catch_up(db)?;
    if round.is_multiple_of(SWEEP_EVERY) {
        sweep(db)?;
        app::delivery::warn(db)?;
    }
    if round.is_multiple_of(PRUNE_EVERY) {
        prune(db)?;
    }
    Ok(())
}

/// Until nothing is left to forget, in small transactions.
fn prune(db: &Db) -> Result<(), Error> {
    for kind in 0..app::prune::KINDS {
        let forget =
            || db.write::<_, Error>(|db| Ok(app::prune::prune(db, kind, PRUNED_AT_ONCE.into())?));
        while forget()? == usize::from(PRUNED_AT_ONCE) {}
    }
    Ok(())
}

fn sweep(db: &Db) -> Result<(), Error> {
    let woken = app::delivery::sweep(db)?;
    let counter = metrics::counter!("farol_destinations_swept_total");
    counter.increment(u64::try_from(woken).unwrap_or(0));
    if woken > 0 {
        tracing::error!(woken, "destinations had been forgotten");
    }
    Ok(())
}

#[expect(clippy::as_conversions, reason = "gauges are floating point by definition")]
fn measure(db: &Db) -> Result<(), Error> {
    let (backlog, open) = db.read::<_, Error>(|db| {
        Ok((app::delivery::backlog(db)?, app::status::count_open_incidents(db)?))
    })?;
    metrics::gauge!("farol_queue_deliveries").set(backlog.deliveries as f64);
    metrics::gauge!("farol_queue_oldest_seconds").set(backlog.oldest_seconds);
    metrics::gauge!("farol_queue_events").set(backlog.events as f64);
    metrics::gauge!("farol_incidents_open").set(open as f64);
    Ok(())
}
