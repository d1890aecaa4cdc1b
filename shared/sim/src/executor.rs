//! Who runs now? Handlers are futures, polled one at a time in the order they became ready; a handler that waits
//! for virtual time is woken by the agenda, and one that is killed is dropped where it stands.

use std::collections::{BTreeMap, VecDeque};
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

use jiff::Timestamp;

use crate::agenda::Due;
use crate::world::World;

/// A world that handlers share. The lock is never held over an await.
#[derive(Clone)]
pub struct SharedWorld(Arc<Mutex<World>>);

impl SharedWorld {
    /// Shares a world.
    pub fn new(world: World) -> Self {
        SharedWorld(Arc::new(Mutex::new(world)))
    }

    /// Looks at the world or changes it.
    pub fn lock(&self) -> MutexGuard<'_, World> {
        // A panic in a handler ends the run anyway; its world is still good to look at.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until a moment of virtual time.
    pub fn wait_until(&self, moment: Timestamp) -> Wait {
        Wait { world: self.clone(), moment, planned: None }
    }
}

/// Waits for a moment of virtual time.
pub struct Wait {
    world: SharedWorld,
    moment: Timestamp,
    planned: Option<Waker>,
}

impl Future for Wait {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let shared = self.world.clone();
        let mut world = shared.lock();
        if world.agenda.now() >= self.moment {
            return Poll::Ready(());
        }
        if !self.planned.as_ref().is_some_and(|waker| waker.will_wake(context.waker())) {
            self.planned = Some(context.waker().clone());
            world.agenda.at(self.moment, Due::Wake(context.waker().clone()));
        }
        Poll::Pending
    }
}

type Ready = Arc<Mutex<VecDeque<u64>>>;

struct TaskWaker {
    task: u64,
    ready: Ready,
}

impl Wake for TaskWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let mut ready = self.ready.lock().unwrap_or_else(PoisonError::into_inner);
        if !ready.contains(&self.task) {
            ready.push_back(self.task);
        }
    }
}

struct Task {
    future: Pin<Box<dyn Future<Output = ()> + Send>>,
    /// One for the whole life of the task, so that a wait sees that it is planned already.
    waker: Waker,
}

/// The handlers that are running.
#[derive(Default)]
pub struct Executor {
    tasks: BTreeMap<u64, Task>,
    ready: Ready,
    started: u64,
}

impl Executor {
    /// Starts a handler; it runs when its turn comes.
    pub fn start(&mut self, handler: impl Future<Output = ()> + Send + 'static) -> u64 {
        self.started += 1;
        let waker = TaskWaker { task: self.started, ready: Arc::clone(&self.ready) };
        let task = Task { future: Box::pin(handler), waker: Waker::from(Arc::new(waker)) };
        self.tasks.insert(self.started, task);
        self.ready.lock().unwrap_or_else(PoisonError::into_inner).push_back(self.started);
        self.started
    }

    /// The number that the next handler gets.
    pub fn next_number(&self) -> u64 {
        self.started + 1
    }

    /// The handler whose turn it is.
    pub fn next_ready(&mut self) -> Option<u64> {
        loop {
            let task = self.ready.lock().unwrap_or_else(PoisonError::into_inner).pop_front()?;
            if self.tasks.contains_key(&task) {
                return Some(task);
            }
        }
    }

    /// Runs a handler up to its next await; says whether it has ended.
    pub fn poll(&mut self, task: u64) -> bool {
        let Some(Task { future, waker }) = self.tasks.get_mut(&task) else { return true };
        let ended = future.as_mut().poll(&mut Context::from_waker(waker)).is_ready();
        if ended {
            self.tasks.remove(&task);
        }
        ended
    }

    /// Ends a handler where it stands, as a crash or a time-out does.
    pub fn kill(&mut self, task: u64) {
        self.tasks.remove(&task);
    }

    /// How many handlers are running.
    pub fn running(&self) -> usize {
        self.tasks.len()
    }
}
