//! Where async stops: the one `spawn_blocking` in the workspace.
use app::{Db, Error};

/// Runs `job` where it may block. A panic of it is logged and counts as an outage.
pub async fn run<T, F>(db: &Db, job: F) -> Result<T, Error>
where
    T: Send + 'static,
    F: FnOnce(&Db) -> Result<T, Error> + Send + 'static,
{
    let db = db.clone();
    #[expect(clippy::disallowed_methods, reason = "this is the seam")]
    let done = tokio::task::spawn_blocking(move || job(&db)).await;
    done.unwrap_or_else(|panicked| {
        let reason = panicked.to_string();
        Err(Error::Db(app::DbError::Unavailable(reason)))
    })
}
