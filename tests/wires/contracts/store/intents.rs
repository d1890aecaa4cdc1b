//! Claims about launch intents: committed under the fence, all or none, and closed for good.

use joiner_ports::{CommandPhase, Fence, IntentPhase, LaunchIntent, MAX_INTENTS_PER_COMMIT, Store};

use super::rows::{claim, command, intent, large_intents};
use super::{Refusal, StoreGround, refusal, take};

async fn open<S: Store>(store: &S) -> Vec<LaunchIntent> {
    store.open_intents().await.expect("intents")
}

fn conflict(name: &str) -> Refusal {
    Refusal::Conflict(format!("the intent of {name}"))
}

// behaviour: store/stale-fence-loses
pub(super) async fn a_stale_fence_commits_nothing<S: Store>(ground: &StoreGround<S>) {
    let store = &ground.store;
    let none_yet = store.commit_intents(Fence(1), &[intent("general-a")]).await;
    assert_eq!(refusal(none_yet), Refusal::FenceLost);
    let stale = take(store, 10, 60).await;
    take(store, 70, 60).await;
    assert_eq!(refusal(store.commit_intents(stale.fence, &[intent("general-a")]).await), Refusal::FenceLost);
    assert_eq!(refusal(store.commit_intents(stale.fence, &[]).await), Refusal::FenceLost);
    assert_eq!(open(store).await, []);
}

pub(super) async fn a_lease_past_its_term_commits_until_another_takes_it<S: Store>(ground: &StoreGround<S>) {
    let lease = take(&ground.store, 10, 1).await;
    // No moment is part of a commit: only the fence counts.
    ground.store.commit_intents(lease.fence, &[intent("general-a")]).await.expect("a commit");
    assert_eq!(open(&ground.store).await, [intent("general-a")]);
}

// behaviour: store/all-intents-or-none
pub(super) async fn all_intents_are_committed_or_none<S: Store>(ground: &StoreGround<S>) {
    let store = &ground.store;
    let lease = take(store, 10, 60).await;
    let names: Vec<String> =
        (0..MAX_INTENTS_PER_COMMIT).map(|number| format!("general-{number:02}")).collect();
    let intents: Vec<LaunchIntent> = names.iter().map(|name| intent(name)).collect();
    store.commit_intents(lease.fence, &intents[..1]).await.expect("the first alone");
    let with_the_first = store.commit_intents(lease.fence, &intents).await;
    assert_eq!(refusal(with_the_first), conflict("general-00"));
    assert_eq!(open(store).await, intents[..1]);
    store.close_intent(&intents[0].claim).await.expect("it closes");
    store.commit_intents(lease.fence, &intents).await.expect("as many as fit");
    assert_eq!(open(store).await, intents);
}

pub(super) async fn a_command_leaves_room_for_one_intent_less<S: Store>(ground: &StoreGround<S>) {
    let lease = take(&ground.store, 10, 60).await;
    let intents = large_intents("general", MAX_INTENTS_PER_COMMIT - 1);
    let command = command("c-1", CommandPhase::Replacing);
    ground.store.put_command(lease.fence, &command, &intents).await.expect("as many as fit");
    assert_eq!(open(&ground.store).await, intents);
}

pub(super) async fn intents_come_back_whole_and_in_order<S: Store>(ground: &StoreGround<S>) {
    let store = &ground.store;
    let lease = take(store, 10, 60).await;
    let created = IntentPhase::Created { claim_uid: "uid".into() };
    let intents = ["b", "a.b", "a-b"].map(intent);
    let later =
        LaunchIntent { phase: created, decided_at: super::rows::at(0), pods: Vec::new(), ..intent("c") };
    let all = [&intents[..], std::slice::from_ref(&later)].concat();
    store.commit_intents(lease.fence, &all).await.expect("a commit");
    assert_eq!(open(store).await, [intent("a-b"), intent("a.b"), intent("b"), later.clone()]);
    assert_eq!(store.intent(&claim("c")).await.expect("an answer"), Some(later));
    assert_eq!(store.intent(&claim("d")).await.expect("an answer"), None);
}

pub(super) async fn more_than_one_answer_holds_is_read_to_the_end<S: Store>(ground: &StoreGround<S>) {
    let store = &ground.store;
    let lease = take(store, 10, 60).await;
    let intents = large_intents("general", 120);
    for part in intents.chunks(60) {
        store.commit_intents(lease.fence, part).await.expect("a commit");
    }
    assert_eq!(open(store).await, intents);
}

pub(super) async fn an_intent_is_created_under_one_claim<S: Store>(ground: &StoreGround<S>) {
    let store = &ground.store;
    let lease = take(store, 10, 60).await;
    let name = claim("general-a");
    store.commit_intents(lease.fence, &[intent("general-a")]).await.expect("a commit");
    store.intent_created(&name, "uid-1").await.expect("it is created");
    store.intent_created(&name, "uid-1").await.expect("the same again");
    assert_eq!(refusal(store.intent_created(&name, "uid-2").await), conflict("general-a"));
    let phase = IntentPhase::Created { claim_uid: "uid-1".into() };
    let expected = LaunchIntent { phase, ..intent("general-a") };
    assert_eq!(store.intent(&name).await.expect("an answer"), Some(expected));
}

pub(super) async fn a_closed_intent_stays_closed<S: Store>(ground: &StoreGround<S>) {
    let store = &ground.store;
    let lease = take(store, 10, 60).await;
    let name = claim("general-a");
    store.commit_intents(lease.fence, &[intent("general-a")]).await.expect("a commit");
    store.close_intent(&name).await.expect("it closes");
    store.close_intent(&name).await.expect("closed already");
    assert_eq!(refusal(store.intent_created(&name, "uid-1").await), conflict("general-a"));
    assert_eq!(open(store).await, []);
}
