//! What does every `Queue` promise? The same claims hold for SQS as it is spoken and for the mail of the simulator.

mod memory;
mod messages;
mod samples;
mod wire;

use joiner_ports::{Delay, Message, PendingHint, Queue};

/// A queue to try claims on, and the other end of it. Each claim gets an empty one of its own.
trait QueueGround: Sync {
    /// What is tried.
    type Queue: Queue;
    /// Names a delivery.
    type Handle: Send;

    /// The sender.
    fn queue(&self) -> &Self::Queue;
    /// A message that has arrived, whatever its duty.
    fn take(&self) -> impl Future<Output = Option<(Self::Handle, Message)>> + Send;
    /// It was handled.
    fn done(&self, handle: Self::Handle) -> impl Future<Output = ()> + Send;
    /// Handling it failed; lets the time pass until it comes again.
    fn fail(&self, handle: Self::Handle) -> impl Future<Output = ()> + Send;
    /// Lets time pass.
    fn pass_millis(&self, millis: u64) -> impl Future<Output = ()> + Send;
}

/// Runs one claim by its name; `run` is a macro of the ground's file.
macro_rules! every_claim {
    ($run:ident) => {
        $run!(every_kind_of_message_arrives_as_it_was_sent);
        $run!(a_message_never_arrives_before_its_delay);
        $run!(a_message_comes_again_until_it_is_done);
    };
}
use every_claim;

/// All that has arrived within a moment of travel, handled, in order.
async fn arrived<G: QueueGround>(ground: &G) -> Vec<Message> {
    ground.pass_millis(100).await;
    let mut messages = Vec::new();
    while let Some((handle, message)) = ground.take().await {
        ground.done(handle).await;
        messages.push(message);
    }
    messages.sort();
    messages
}

async fn send<G: QueueGround>(ground: &G, message: Message, delay: Delay) {
    ground.queue().send(message, delay).await.expect("it is sent");
}

async fn every_kind_of_message_arrives_as_it_was_sent<G: QueueGround>(ground: &G) {
    let mut expected = messages::one_of_each();
    for message in &expected {
        send(ground, message.clone(), Delay::NONE).await;
    }
    expected.sort();
    assert_eq!(arrived(ground).await, expected);
    assert_eq!(arrived(ground).await, []);
}

async fn a_message_never_arrives_before_its_delay<G: QueueGround>(ground: &G) {
    let later = Message::PodsPending { hint: PendingHint::WindowDue };
    send(ground, later.clone(), Delay::from_secs(3)).await;
    send(ground, Message::Sweep, Delay::NONE).await;
    assert_eq!(arrived(ground).await, [Message::Sweep]);
    ground.pass_millis(1_500).await;
    assert_eq!(arrived(ground).await, []);
    ground.pass_millis(1_500).await;
    assert_eq!(arrived(ground).await, [later]);
}

async fn a_message_comes_again_until_it_is_done<G: QueueGround>(ground: &G) {
    send(ground, Message::Sweep, Delay::NONE).await;
    for _ in 0..3 {
        ground.pass_millis(100).await;
        let (handle, message) = ground.take().await.expect("it is there");
        assert_eq!(message, Message::Sweep);
        ground.fail(handle).await;
    }
    assert_eq!(arrived(ground).await, [Message::Sweep]);
    assert_eq!(arrived(ground).await, []);
}
