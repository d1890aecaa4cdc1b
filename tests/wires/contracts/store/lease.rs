//! Claims about the lease: one holder, a fence that only grows, and a term that ends.

use joiner_ports::{Fence, Lease, LeaseAnswer, Store};

use super::rows::{at, intent};
use super::{Refusal, StoreGround, refusal, take};

pub(super) async fn the_first_gets_the_lease_and_the_second_is_told_until_when<S: Store>(
    ground: &StoreGround<S>,
) {
    let lease = take(&ground.store, 10, 60).await;
    assert_eq!(lease, Lease { fence: Fence(1), acquired_at: at(10), expires_at: at(70) });
    let second = ground.store.acquire(at(69), 60).await.expect("an answer");
    assert_eq!(second, LeaseAnswer::Taken { until: at(70) });
}

// behaviour: store/lease-passes-after-its-term
pub(super) async fn a_lease_passes_at_its_end_to_whoever_asks<S: Store>(ground: &StoreGround<S>) {
    let store = &ground.store;
    let first = take(store, 10, 60).await;
    let second = take(store, 70, 60).await;
    assert_eq!(second, Lease { fence: Fence(2), acquired_at: at(70), expires_at: at(130) });
    assert_eq!(refusal(store.commit_intents(first.fence, &[intent("general-a")]).await), Refusal::FenceLost);
    store.commit_intents(second.fence, &[intent("general-a")]).await.expect("a commit");
}

pub(super) async fn a_released_lease_is_free_and_its_fence_never_comes_again<S: Store>(
    ground: &StoreGround<S>,
) {
    let store = &ground.store;
    let first = take(store, 10, 60).await;
    store.release(first.fence).await.expect("a release");
    store.release(first.fence).await.expect("the same release");
    assert_eq!(refusal(store.commit_intents(first.fence, &[intent("general-a")]).await), Refusal::FenceLost);
    let second = take(store, 11, 60).await;
    assert_eq!(second, Lease { fence: Fence(2), acquired_at: at(11), expires_at: at(71) });
}

pub(super) async fn an_older_fence_releases_nothing<S: Store>(ground: &StoreGround<S>) {
    let store = &ground.store;
    store.release(Fence(1)).await.expect("nothing to release");
    let first = take(store, 10, 60).await;
    let second = take(store, 80, 60).await;
    store.release(first.fence).await.expect("a release without effect");
    let asked = store.acquire(at(81), 60).await.expect("an answer");
    assert_eq!(asked, LeaseAnswer::Taken { until: second.expires_at });
}

pub(super) async fn of_many_who_ask_one_gets_the_lease<S: Store>(ground: &StoreGround<S>) {
    // One after the other: the emulator looks at a condition and writes in two steps, so two at once may both win.
    let mut held = 0;
    for _ in 0..8 {
        match ground.store.acquire(at(10), 60).await.expect("an answer") {
            LeaseAnswer::Held(lease) => {
                held += 1;
                assert_eq!(lease.fence, Fence(1));
            }
            LeaseAnswer::Taken { until } => assert_eq!(until, at(70)),
        }
    }
    assert_eq!(held, 1);
}
