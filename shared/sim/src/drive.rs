//! One future over a world, from beginning to end: for tests that ask a port something and look at the answer.
//!
//! Handlers run in [`crate::runtime`]; nothing here dies or is overtaken.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use crate::executor::SharedWorld;

impl SharedWorld {
    /// Runs a future of this world's ports to its end, in virtual time.
    ///
    /// # Panics
    /// The future waits for something that no moment of this world brings.
    pub fn drive<T>(&self, future: impl Future<Output = T>) -> T {
        let mut future = pin!(future);
        // It is polled after every step of the world, so nobody needs to wake it.
        let mut context = Context::from_waker(Waker::noop());
        loop {
            if let Poll::Ready(answer) = future.as_mut().poll(&mut context) {
                return answer;
            }
            let mut world = self.lock();
            let due = world.agenda.advance();
            assert!(due.is_some(), "the future waits, and nothing is to come");
            if let Some(due) = due {
                world.happen(due);
            }
        }
    }
}
