//! Requests that come at once and are carried out together. Nobody waits for company: the first is
//! carried out at once, and meanwhile the next ones gather.
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use actix_web::rt;
use tokio::sync::oneshot::error::RecvError;
use tokio::sync::oneshot::{self, Receiver, Sender};
use tokio::time::timeout;
use tracing::Instrument as _;

use crate::problem::Problem;

/// How many are carried out together at most: the more, the longer the first of them waits.
const MOST: usize = 64;
/// Longest wait before a job is begun: longer than those ahead wait for their turn with the database.
const PATIENCE: Duration = Duration::from_secs(3);

type Tell<J, A> = Sender<Word<J, A>>;
type Told<J, A> = Receiver<Word<J, A>>;

/// Where requests gather, each of which is a `J` and is answered with an `A`.
pub struct Gathering<J, A>(Arc<Mutex<Queue<J, A>>>);

struct Queue<J, A> {
    waiting: VecDeque<Waiting<J, A>>,
    is_led: bool,
    n_asked: u64,
}

struct Waiting<J, A> {
    ticket: u64,
    job: J,
    tell: Tell<J, A>,
}

/// Where one who asks comes to stand.
enum Place<J, A> {
    /// The job back, and the lead that nobody had.
    First(J, Lead<J, A>),
    /// The ticket, and where the word comes from.
    Behind(u64, Told<J, A>),
}

/// What one who waits is told.
enum Word<J, A> {
    Answer(A),
    /// To carry out the job that is given back, and what has gathered.
    Lead(J, Lead<J, A>),
}

impl<J: 'static, A: 'static> Gathering<J, A> {
    /// Has the job carried out by `carry_out`, which answers each of those that it is given, in their
    /// order. What was begun goes on though whoever asked is gone.
    pub async fn join<F>(
        &self,
        job: J,
        carry_out: impl FnOnce(Vec<J>) -> F + 'static,
    ) -> Result<A, Problem>
    where
        F: Future<Output = Vec<A>> + 'static,
    {
        let (job, lead) = match self.enlist(job) {
            Place::First(job, lead) => (job, lead),
            Place::Behind(ticket, told) => match self.word(ticket, told).await? {
                Word::Answer(answer) => return Ok(answer),
                Word::Lead(job, lead) => (job, lead),
            },
        };
        let (to, own) = oneshot::channel();
        let work = async move {
            let (mut jobs, others) = lead.take(MOST - 1);
            jobs.insert(0, job);
            let mut answers = carry_out(jobs).await.into_iter();
            // Whoever asked may be gone.
            let _ = answers.next().map(|answer| to.send(answer));
            for (tell, answer) in others.into_iter().zip(answers) {
                let _ = tell.send(Word::Answer(answer));
            }
        };
        rt::spawn(work.in_current_span());
        own.await.map_err(lost)
    }

    fn enlist(&self, job: J) -> Place<J, A> {
        let mut queue = lock(&self.0);
        if !std::mem::replace(&mut queue.is_led, true) {
            return Place::First(job, Lead(Arc::clone(&self.0)));
        }
        queue.n_asked += 1;
        let (ticket, (tell, told)) = (queue.n_asked, oneshot::channel());
        queue.waiting.push_back(Waiting { ticket, job, tell });
        Place::Behind(ticket, told)
    }

    /// What one who waits is told; what is not begun in time is not begun any more.
    async fn word(&self, ticket: u64, mut told: Told<J, A>) -> Result<Word<J, A>, Problem> {
        match timeout(PATIENCE, &mut told).await {
            Ok(word) => word.map_err(lost),
            Err(_) if self.withdraw(ticket) => Err(Problem::unavailable()),
            Err(_) => told.await.map_err(lost),
        }
    }

    /// Takes a job back that was not begun; whether there was one.
    fn withdraw(&self, ticket: u64) -> bool {
        let mut queue = lock(&self.0);
        let place = queue.waiting.iter().position(|it| it.ticket == ticket);
        place.and_then(|it| queue.waiting.remove(it)).is_some()
    }
}

/// Whoever was to answer has failed.
fn lost(error: RecvError) -> Problem {
    Problem::internal(&error)
}

/// Who has it carries out what gathers; one has it at a time. Dropped, it passes on to who has waited
/// longest.
struct Lead<J, A>(Arc<Mutex<Queue<J, A>>>);

impl<J, A> Lead<J, A> {
    /// The jobs of those who have waited longest and are still there.
    fn take(&self, at_most: usize) -> (Vec<J>, Vec<Tell<J, A>>) {
        let mut queue = lock(&self.0);
        queue.waiting.retain(|it| !it.tell.is_closed());
        let n_jobs = queue.waiting.len().min(at_most);
        queue.waiting.drain(..n_jobs).map(|it| (it.job, it.tell)).unzip()
    }
}

impl<J, A> Drop for Lead<J, A> {
    fn drop(&mut self) {
        let mut queue = lock(&self.0);
        queue.waiting.retain(|it| !it.tell.is_closed());
        let heir = queue.waiting.pop_front();
        queue.is_led = heir.is_some();
        drop(queue);
        if let Some(Waiting { ticket: _, job, tell }) = heir {
            // Whoever goes at this moment drops it, which passes it on.
            let _ = tell.send(Word::Lead(job, Self(Arc::clone(&self.0))));
        }
    }
}

fn lock<J, A>(queue: &Mutex<Queue<J, A>>) -> MutexGuard<'_, Queue<J, A>> {
    queue.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<J, A> Default for Gathering<J, A> {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Queue { waiting: VecDeque::new(), is_led: false, n_asked: 0 })))
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::rc::Rc;

    use futures_util::future::join_all;
    use rt::task::{JoinHandle, yield_now};
    use tokio::sync::Notify;

    use super::*;

    /// A gathering whose jobs are answered with their tenfold, once they may go on.
    #[derive(Clone, Default)]
    struct Scene {
        gathering: Rc<Gathering<u32, u32>>,
        go_on: Rc<Notify>,
        batches: Rc<RefCell<Vec<Vec<u32>>>>,
    }

    impl Scene {
        /// Asks for a job and lets it come as far as it does.
        async fn ask(&self, job: u32) -> JoinHandle<Result<u32, Problem>> {
            let Self { gathering, go_on, batches } = self.clone();
            let carry_out = move |jobs: Vec<u32>| async move {
                batches.borrow_mut().push(jobs.clone());
                go_on.notified().await;
                jobs.into_iter().map(|it| it * 10).collect()
            };
            let asked = rt::spawn(async move { gathering.join(job, carry_out).await });
            yield_now().await;
            asked
        }
    }

    #[actix_web::test]
    async fn the_first_goes_at_once_and_the_others_together() {
        let scene = Scene::default();
        let mut asked = Vec::new();
        for job in 0..100 {
            asked.push(scene.ask(job).await);
        }
        for n_batches in 1..=3 {
            while scene.batches.borrow().len() < n_batches {
                yield_now().await;
            }
            scene.go_on.notify_one();
        }
        let answers = join_all(asked).await;
        let answers: Vec<u32> = answers.into_iter().map(|it| it.unwrap().unwrap()).collect();
        assert_eq!(answers, (0..100).map(|it| it * 10).collect::<Vec<_>>());
        let sizes: Vec<usize> = scene.batches.borrow().iter().map(Vec::len).collect();
        assert_eq!(sizes, [1, MOST, 100 - 1 - MOST]);
    }

    #[actix_web::test]
    async fn whoever_is_gone_holds_nobody_up() {
        let scene = Scene::default();
        let first = scene.ask(1).await;
        let gone = scene.ask(2).await;
        gone.abort();
        let last = scene.ask(3).await;
        scene.go_on.notify_one();
        assert_eq!(first.await.unwrap().unwrap(), 10);
        scene.go_on.notify_one();
        assert_eq!(last.await.unwrap().unwrap(), 30);
        assert_eq!(*scene.batches.borrow(), [vec![1], vec![3]]);
    }

    #[actix_web::test]
    async fn who_fails_is_no_end() {
        let gathering = Gathering::<u32, u32>::default();
        let fails = |_| async { panic!("a mistake of ours") };
        assert!(gathering.join(1, fails).await.is_err());
        assert_eq!(gathering.join(2, |_| async { vec![20] }).await.unwrap(), 20);
    }
}
