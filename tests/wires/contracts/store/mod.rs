//! What does every `Store` promise? The same claims hold for the table on the wire and for the one in memory, so that
//! what storms prove of the one can be believed of the other.

mod beliefs;
mod commands;
mod intents;
mod lease;
mod memory;
mod rows;
mod wire;

use joiner_ports::{Fence, Lease, LeaseAnswer, Store, StoreError};
use rows::at;

/// Stores of two clusters, empty at first. Each claim gets a pair of its own.
struct StoreGround<S> {
    store: S,
    neighbour: S,
}

/// Runs one claim by its name; `run` is a macro of the ground's file.
macro_rules! every_claim {
    ($run:ident) => {
        $run!(lease::the_first_gets_the_lease_and_the_second_is_told_until_when);
        $run!(lease::a_lease_passes_at_its_end_to_whoever_asks);
        $run!(lease::a_released_lease_is_free_and_its_fence_never_comes_again);
        $run!(lease::an_older_fence_releases_nothing);
        $run!(lease::of_many_who_ask_one_gets_the_lease);
        $run!(intents::a_stale_fence_commits_nothing);
        $run!(intents::a_lease_past_its_term_commits_until_another_takes_it);
        $run!(intents::all_intents_are_committed_or_none);
        $run!(intents::a_command_leaves_room_for_one_intent_less);
        $run!(intents::intents_come_back_whole_and_in_order);
        $run!(intents::more_than_one_answer_holds_is_read_to_the_end);
        $run!(intents::an_intent_is_created_under_one_claim);
        $run!(intents::a_closed_intent_stays_closed);
        $run!(commands::a_command_is_written_over_its_earlier_phase);
        $run!(commands::a_command_and_its_intents_are_written_together_or_not_at_all);
        $run!(commands::a_stale_fence_writes_no_command);
        $run!(commands::commands_come_in_order_and_are_forgotten);
        $run!(beliefs::the_window_spans_from_the_first_sight_to_the_last);
        $run!(beliefs::a_window_noted_again_stays_open);
        $run!(beliefs::what_is_not_to_be_had_is_forgotten_at_its_time);
        $run!(beliefs::marking_again_extends_and_never_shortens);
        $run!(beliefs::nominations_hold_until_their_time);
        $run!(beliefs::a_wake_is_noted_once_until_its_moment_has_passed);
        $run!(beliefs::one_watches_at_a_time);
        $run!(clusters_do_not_see_each_other);
    };
}
use every_claim;

/// Takes the lease, which is free.
async fn take(store: &impl Store, second: i64, term_secs: u32) -> Lease {
    match store.acquire(at(second), term_secs).await.expect("an answer") {
        LeaseAnswer::Held(lease) => lease,
        LeaseAnswer::Taken { until } => panic!("the lease is taken until {until}"),
    }
}

/// How a write was refused.
#[derive(Debug, PartialEq, Eq)]
enum Refusal {
    FenceLost,
    Conflict(String),
    Unavailable,
}

fn refusal<T: std::fmt::Debug>(answer: Result<T, StoreError>) -> Refusal {
    match answer.expect_err("a refusal") {
        StoreError::FenceLost => Refusal::FenceLost,
        StoreError::Conflict(what) => Refusal::Conflict(what),
        StoreError::Unavailable(_) => Refusal::Unavailable,
    }
}

async fn clusters_do_not_see_each_other<S: Store>(ground: &StoreGround<S>) {
    let StoreGround { store, neighbour } = ground;
    let lease = take(store, 10, 60).await;
    assert_eq!(take(neighbour, 10, 60).await.fence, Fence(1), "each cluster has a lease of its own");
    let committed = store.commit_intents(lease.fence, &[rows::intent("general-a")]).await;
    committed.expect("a commit");
    store.note_pending(at(11)).await.expect("a window");
    let (what, until) = (rows::unavailable()[0].clone(), at(500));
    store.mark_unavailable(&[joiner_ports::UnavailableUntil { what, until }]).await.expect("a mark");
    store.nominate(&[joiner_ports::Nomination { node: "n".into(), until }]).await.expect("a nomination");
    let command = rows::command("c-1", joiner_ports::CommandPhase::Proposed);
    store.put_command(lease.fence, &command, &[]).await.expect("a command");
    assert!(store.note_wake("claim/a", until, at(11)).await.expect("a wake"));
    assert!(store.hold_watch("one", at(11), 60).await.expect("a watch"));

    assert_eq!(neighbour.open_intents().await.expect("intents"), []);
    assert_eq!(neighbour.intent(&rows::claim("general-a")).await.expect("an intent"), None);
    assert_eq!(neighbour.window().await.expect("a window"), None);
    assert_eq!(neighbour.unavailable(at(11)).await.expect("marks"), []);
    assert_eq!(neighbour.nominations(at(11)).await.expect("nominations"), []);
    assert_eq!(neighbour.commands().await.expect("commands"), []);
    assert!(neighbour.note_wake("claim/a", until, at(11)).await.expect("a wake"));
    assert!(neighbour.hold_watch("other", at(11), 60).await.expect("a watch"));
}
