//! Opening incidents that callers want opened at once.
use actix_web::web::Data;
use app::idempotency::Answer;
use app::incident::{self, Opened, Wish, open, open_all};
use app::{DbError, Error};
use domain::caller::Caller;
use futures_util::future::join_all;

use crate::gather::Gathering;
use crate::idempotency::{answer, created};
use crate::problem::Problem;
use crate::seam;
use crate::state::State;

/// Where those who want incidents opened gather.
pub type Openings = Gathering<(Caller, Wish), Answer>;

/// Opens incidents in one transaction. Should that fail for what one of them asks, each gets a
/// transaction of its own, so that nobody fails because of another.
pub async fn together(
    state: Data<State>,
    wishes: Vec<(Caller, Wish)>,
) -> Vec<Result<Answer, Problem>> {
    if wishes.len() > 1 {
        match in_one(&state, wishes.clone()).await {
            Ok(Some(answers)) => return answers,
            Ok(None) => {}
            Err(problem) => return wishes.iter().map(|_| Err(problem.clone())).collect(),
        }
    }
    let alone = wishes.into_iter().map(|(caller, wish)| {
        let state = state.clone();
        async move { seam::write(&state, move |db| shown(open(db, &caller, wish))).await }
    });
    join_all(alone).await
}

/// Nothing if it takes more than one.
async fn in_one(
    state: &Data<State>,
    wishes: Vec<(Caller, Wish)>,
) -> Result<Option<Vec<Result<Answer, Problem>>>, Problem> {
    let opened = seam::run(state, |db| match db.write(|db| open_all(db, wishes)) {
        Ok(opened) => Ok(Some(opened.into_iter().map(shown).collect::<Vec<_>>())),
        Err(error @ Error::Db(DbError::Unavailable(_))) => Err(error),
        Err(_) => Ok(None),
    });
    let opened = opened.await?;
    Ok(opened.map(|all| all.into_iter().map(|it| it.map_err(Problem::from)).collect()))
}

/// What the caller gets to see.
pub fn shown(opened: incident::Answer) -> Result<Answer, Error> {
    match opened? {
        Opened::Existing(incident) => answer(200, &incident),
        Opened::Created(incident) => {
            let location = format!("/api/v1/incidents/{}", incident.id);
            created(location, incident.version, &incident)
        }
    }
}
