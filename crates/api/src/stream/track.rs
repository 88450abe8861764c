//! What one audience was told lately, for those who were away for a moment.
use std::collections::VecDeque;

use bytes::Bytes;

/// How many events are kept.
const FRAMES: usize = 1_024;
/// How many bytes of them are kept.
const BYTES: usize = 8 * 1024 * 1024;

/// An event as it goes out.
#[derive(Clone, Debug)]
pub struct Frame {
    pub id: i64,
    /// The id after which those begin that got theirs together with it.
    pub numbered_after: i64,
    pub bytes: Bytes,
}

/// The last events, in the order of their ids.
#[derive(Debug)]
pub struct Track {
    frames: VecDeque<Frame>,
    n_bytes: usize,
    /// What has greater ids is here.
    since: i64,
    /// No event with a smaller id comes any more.
    last: i64,
}

/// What comes next for somebody.
#[derive(Debug)]
pub enum Next {
    Frame(Frame),
    /// Nothing yet.
    Nothing,
    /// It is not here any more.
    Gone,
}

impl Track {
    /// One on which everything after this id is to come.
    pub fn after(id: i64) -> Self {
        Self { frames: VecDeque::new(), n_bytes: 0, since: id, last: id }
    }

    /// The id up to which everything is here or was.
    pub fn last(&self) -> i64 {
        self.last
    }

    /// Adds what came up to the id `last`; the oldest make room.
    pub fn extend(&mut self, frames: Vec<Frame>, last: i64) {
        for frame in frames {
            self.n_bytes += frame.bytes.len();
            self.frames.push_back(frame);
        }
        while self.frames.len() > FRAMES || self.n_bytes > BYTES {
            let Some(oldest) = self.frames.pop_front() else { break };
            self.n_bytes -= oldest.bytes.len();
            self.since = oldest.id;
        }
        self.last = last;
    }

    /// What comes after `id`.
    pub fn next(&self, id: i64) -> Next {
        if id < self.since {
            return Next::Gone;
        }
        self.beyond(id).cloned().map_or(Next::Nothing, Next::Frame)
    }

    /// Whether one can go on after `id`.
    pub fn reaches(&self, id: i64) -> bool {
        (self.since..=self.last).contains(&id)
    }

    /// The id after which to go on with a page of this version. All of a page's events have their
    /// ids when the page is met by events here; where the version lies among those that got
    /// theirs together, it does not tell which of them the page holds, and all of them follow.
    pub fn of_version(&self, version: i64) -> i64 {
        let id = version.min(self.last);
        self.beyond(id).map_or(id, |it| id.min(it.numbered_after))
    }

    fn beyond(&self, id: i64) -> Option<&Frame> {
        self.frames.get(self.frames.partition_point(|it| it.id <= id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(id: i64, numbered_after: i64, n_bytes: usize) -> Frame {
        Frame { id, numbered_after, bytes: vec![0; n_bytes].into() }
    }

    fn id_of(next: Next) -> Option<i64> {
        match next {
            Next::Frame(frame) => Some(frame.id),
            Next::Nothing | Next::Gone => None,
        }
    }

    #[test]
    fn each_id_leads_to_the_next_there_is() {
        let mut track = Track::after(10);
        track.extend(vec![frame(12, 10, 1), frame(13, 10, 1)], 15);
        assert!(matches!(track.next(9), Next::Gone) && !track.reaches(9) && !track.reaches(16));
        assert_eq!([10, 11, 12].map(|id| id_of(track.next(id))), [Some(12), Some(12), Some(13)]);
        assert!([13, 14, 15].iter().all(|id| matches!(track.next(*id), Next::Nothing)));
    }

    #[test]
    fn who_has_a_page_from_amid_a_numbering_hears_all_of_it() {
        let mut track = Track::after(10);
        track.extend(vec![frame(11, 10, 1), frame(12, 11, 1), frame(13, 11, 1)], 13);
        assert_eq!([10, 11, 12, 13, 20].map(|it| track.of_version(it)), [10, 11, 11, 13, 13]);
    }

    #[test]
    fn the_oldest_make_room() {
        let mut track = Track::after(0);
        let n = i64::try_from(FRAMES).unwrap();
        track.extend((1..=n + 2).map(|id| frame(id, id - 1, 1)).collect(), n + 2);
        assert!(matches!(track.next(1), Next::Gone));
        assert_eq!(id_of(track.next(2)), Some(3));
        track.extend(vec![frame(n + 3, n + 2, BYTES)], n + 3);
        assert!(matches!(track.next(n + 1), Next::Gone));
        assert_eq!(id_of(track.next(n + 2)), Some(n + 3));
        track.extend(vec![frame(n + 4, n + 3, BYTES + 1)], n + 4);
        assert!(matches!(track.next(n + 3), Next::Gone) && track.reaches(n + 4));
    }
}
