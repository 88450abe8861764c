//! Opening incidents that callers want opened at once.
use actix_web::HttpResponse;
use actix_web::web::Data;
use app::idempotency::{Answer, Answered};
use app::incident::{self, Opened, Wish, open_all};
use app::{DbError, Error, Write};
use domain::caller::Caller;

use crate::gather::Gathering;
use crate::idempotency::{Key, answer, created};
use crate::problem::Problem;
use crate::seam;
use crate::state::State;

/// Where those who want incidents opened gather. Who is answered nothing was not helped, and asks alone.
pub type Openings = Gathering<(Caller, Wish), Option<incident::Answer>>;

/// Opens an incident: with an `Idempotency-Key` or in the past by itself, otherwise together with those
/// that others want opened at the moment. Should that fail for what one of them asks, each gets a
/// transaction of its own, so that nobody fails because of another.
pub async fn open(
    state: &Data<State>,
    key: Key,
    caller: Caller,
    wish: Wish,
) -> Result<HttpResponse, Problem> {
    if key.0.is_none() && wish.is_of_now() {
        let shared = state.clone();
        let job = (caller.clone(), wish.clone());
        let gathered = state.openings.join(job, |jobs| together(shared, jobs)).await?;
        if let Some(opened) = gathered {
            return seam::respond(Answered::First(shown(opened)?));
        }
    }
    seam::post(state, key, move |db| shown(incident::open(db, &caller, wish))).await
}

/// Opens incidents in one transaction, or none of them.
async fn together(
    state: Data<State>,
    wishes: Vec<(Caller, Wish)>,
) -> Vec<Option<incident::Answer>> {
    let n_wishes = wishes.len();
    let opened = seam::run(&state, move |db| {
        let mut is_refused = false;
        let open = |db: &mut Write<'_>| {
            open_all(db, wishes).inspect_err(|error| {
                is_refused = true;
                tracing::info!(%error, n_wishes, "incidents cannot be opened together");
            })
        };
        match db.write_promptly(open) {
            Ok(opened) => Ok(opened.into_iter().map(Some).collect()),
            Err(_) if is_refused => Ok(Vec::new()),
            // Nobody knows whether it was committed, so nobody may try again.
            Err(error) => {
                let lost = || Err(DbError::Unavailable(error.to_string()).into());
                Ok(std::iter::repeat_with(|| Some(lost())).take(n_wishes).collect())
            }
        }
    });
    // Without a turn or a connection nothing was begun.
    let mut opened: Vec<_> = opened.await.unwrap_or_default();
    opened.resize_with(n_wishes, || None);
    opened
}

/// What the caller gets to see.
fn shown(opened: incident::Answer) -> Result<Answer, Error> {
    match opened? {
        Opened::Existing(incident) => answer(200, &incident),
        Opened::Created(incident) => {
            let location = format!("/api/v1/incidents/{}", incident.id);
            created(location, incident.version, &incident)
        }
    }
}
