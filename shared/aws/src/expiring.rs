//! Which answers may be used again, and until when. Time is an argument; the one reading of the clock that the
//! adapters need for their memory is [`read_clock`].

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};

/// The moment, for callers whose port does not tell them. Read once per call of a port, then passed on.
pub(crate) fn read_clock() -> Timestamp {
    Timestamp::now()
}

/// Answers by question, each with the moment it was given. Lives as long as the process.
#[derive(Debug)]
pub(crate) struct Expiring<K, V> {
    lifetime: SignedDuration,
    answers: Mutex<BTreeMap<K, (Timestamp, V)>>,
}

impl<K: Ord + Clone, V: Clone> Expiring<K, V> {
    /// Nothing yet; answers hold for the lifetime.
    pub(crate) fn lasting(lifetime: SignedDuration) -> Self {
        Expiring { lifetime, answers: Mutex::new(BTreeMap::new()) }
    }

    /// The answer, while it holds. A clock that was set back makes answers expire, never last longer.
    pub(crate) fn get(&self, question: &K, now: Timestamp) -> Option<V> {
        let answers = self.lock();
        let (given_at, answer) = answers.get(question)?;
        let age = now.duration_since(*given_at);
        (SignedDuration::ZERO..self.lifetime).contains(&age).then(|| answer.clone())
    }

    /// The answer, however old.
    pub(crate) fn last_known(&self, question: &K) -> Option<V> {
        self.lock().get(question).map(|(_, answer)| answer.clone())
    }

    /// Remembers an answer. What has been dead for a lifetime is swept out, so that the map stays small.
    pub(crate) fn put(&self, question: K, answer: V, now: Timestamp) {
        let mut answers = self.lock();
        let lifetime = self.lifetime;
        answers.retain(|_, (given_at, _)| now.duration_since(*given_at) < lifetime * 2);
        answers.insert(question, (now, answer));
    }

    /// Forgets the answers that the test picks.
    pub(crate) fn forget(&self, picks: impl Fn(&K, &V) -> bool) {
        self.lock().retain(|question, (_, answer)| !picks(question, answer));
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<K, (Timestamp, V)>> {
        // A panic elsewhere leaves whole entries behind: they are still good.
        self.answers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn an_answer_holds_until_its_lifetime_is_over() {
        let minute = Expiring::lasting(SignedDuration::from_secs(60));
        minute.put("a", 1, at(100));
        assert_eq!(minute.get(&"a", at(159)), Some(1));
        assert_eq!(minute.get(&"a", at(160)), None);
        assert_eq!(minute.get(&"a", at(99)), None);
        assert_eq!(minute.last_known(&"a"), Some(1));
    }

    #[test]
    fn dead_answers_are_swept_and_chosen_ones_forgotten() {
        let minute = Expiring::lasting(SignedDuration::from_secs(60));
        minute.put("a", 1, at(0));
        minute.put("b", 2, at(120));
        assert_eq!(minute.last_known(&"a"), None);
        minute.put("c", 3, at(121));
        minute.forget(|question, _| *question == "b");
        assert_eq!((minute.last_known(&"b"), minute.last_known(&"c")), (None, Some(3)));
    }
}
