//! Where async stops: the one `web::block` in the workspace.
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::{ETAG, LOCATION};
use actix_web::web::{self, Data};
use actix_web::{HttpResponse, HttpResponseBuilder};
use app::access::Credential;
use app::idempotency::{Answer, Answered, once};
use app::{Db, Error, Read, Write};
use domain::caller::Caller;

use crate::idempotency::Key;
use crate::problem::Problem;
use crate::state::State;

/// Longest wait for what blocks: a database that has stopped in the middle of an answer never gives one.
const LONGEST: Duration = Duration::from_secs(30);
/// Longest wait for a turn with the database.
const PATIENCE: Duration = Duration::from_secs(2);

/// Reads from one snapshot.
pub async fn read<T, F>(state: &Data<State>, job: F) -> Result<T, Problem>
where
    T: Send + 'static,
    F: FnOnce(&mut Read<'_>) -> Result<T, Error> + Send + 'static,
{
    run(state, move |db| db.read(job)).await
}

/// Writes in one transaction.
pub async fn write<T, F>(state: &Data<State>, job: F) -> Result<T, Problem>
where
    T: Send + 'static,
    F: FnOnce(&mut Write<'_>) -> Result<T, Error> + Send + 'static,
{
    run(state, move |db| db.write(job)).await
}

/// Writes in one transaction, once per `Idempotency-Key`.
pub async fn post<F>(state: &Data<State>, key: Key, job: F) -> Result<HttpResponse, Problem>
where
    F: FnOnce(&mut Write<'_>) -> Result<Answer, Error> + Send + 'static,
{
    let vault = state.vault.clone();
    let answered =
        run(state, move |db| db.write(|db| once(db, &vault, key.0.as_ref(), job))).await?;
    respond(answered)
}

/// The answer to a POST as a response.
pub fn respond(answered: Answered) -> Result<HttpResponse, Problem> {
    let (answer, again) = match answered {
        Answered::First(answer) => (answer, false),
        Answered::Again(answer) => (answer, true),
    };
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK);
    if status == StatusCode::UNAUTHORIZED {
        return Err(Error::SignInRefused.into());
    }
    let mut response = HttpResponseBuilder::new(status);
    for (name, value) in [(LOCATION, answer.location), (ETAG, answer.etag)] {
        if let Some(value) = value {
            response.insert_header((name, value));
        }
    }
    if again {
        response.insert_header(("idempotency-replayed", "true"));
    }
    if answer.body.is_empty() {
        return Ok(response.finish());
    }
    Ok(response.content_type("application/json").body(answer.body))
}

/// Asks the database who a credential belongs to.
pub async fn identify(
    state: &Data<State>,
    credential: Credential,
) -> Result<Option<Caller>, Problem> {
    let callers = state.callers.clone();
    run(state, move |db| match callers.recall(&credential, app::clock::now()) {
        // Somebody else asked the same meanwhile.
        Some(caller) => Ok(Some(caller)),
        None => callers.identify(db, &credential),
    })
    .await
}

/// Anything that blocks and needs the database.
pub async fn run<T, F>(state: &Data<State>, job: F) -> Result<T, Problem>
where
    T: Send + 'static,
    F: FnOnce(&Db) -> Result<T, Error> + Send + 'static,
{
    if !(state.is_ready)() {
        return Err(Problem::unavailable());
    }
    let turn = tokio::time::timeout(PATIENCE, state.turns.clone().acquire_owned());
    let Ok(Ok(turn)) = turn.await else {
        tracing::warn!("no turn with the database within {PATIENCE:?}");
        return Err(Problem::unavailable());
    };
    compute(state, move |db| {
        let _turn = turn;
        job(db)
    })
    .await
}

/// Anything that blocks for long and hardly needs the database: nobody waits for their turn
/// because somebody else's password is hashed.
pub async fn compute<T, F>(state: &Data<State>, job: F) -> Result<T, Problem>
where
    T: Send + 'static,
    F: FnOnce(&Db) -> Result<T, Error> + Send + 'static,
{
    if !(state.is_ready)() {
        return Err(Problem::unavailable());
    }
    let db = state.db.clone();
    let span = tracing::Span::current();
    #[expect(clippy::disallowed_methods, reason = "this is the seam")]
    let done = tokio::time::timeout(LONGEST, web::block(move || span.in_scope(|| job(&db)))).await;
    let Ok(done) = done else {
        tracing::error!("no answer within {LONGEST:?}");
        return Err(Problem::unavailable());
    };
    Ok(done.map_err(|error| Problem::internal(&error))??)
}
