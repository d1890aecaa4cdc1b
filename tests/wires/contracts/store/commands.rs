//! Claims about commands: written under the fence, over their earlier phase, with the intents they need.

use joiner_ports::{CommandPhase, Store};

use super::rows::{claim, command, intent};
use super::{Refusal, StoreGround, refusal, take};

pub(super) async fn a_command_is_written_over_its_earlier_phase<S: Store>(ground: &StoreGround<S>) {
    let store = &ground.store;
    let lease = take(store, 10, 60).await;
    for phase in [CommandPhase::Proposed, CommandPhase::Replacing, CommandPhase::Deleting] {
        store.put_command(lease.fence, &command("c-1", phase), &[]).await.expect("a command");
        assert_eq!(store.commands().await.expect("commands"), [command("c-1", phase)]);
    }
}

pub(super) async fn a_command_and_its_intents_are_written_together_or_not_at_all<S: Store>(
    ground: &StoreGround<S>,
) {
    let store = &ground.store;
    let lease = take(store, 10, 60).await;
    let proposed = command("c-1", CommandPhase::Proposed);
    store.put_command(lease.fence, &proposed, &[]).await.expect("a command");
    store.commit_intents(lease.fence, &[intent("general-b")]).await.expect("a commit");
    let accepted = command("c-1", CommandPhase::Replacing);
    let both = [intent("general-a"), intent("general-b")];
    let answer = store.put_command(lease.fence, &accepted, &both).await;
    assert_eq!(refusal(answer), Refusal::Conflict("the intent of general-b".to_owned()));
    assert_eq!(store.commands().await.expect("commands"), [proposed]);
    assert_eq!(store.intent(&claim("general-a")).await.expect("an answer"), None);

    store.put_command(lease.fence, &accepted, &both[..1]).await.expect("a command with its intent");
    assert_eq!(store.commands().await.expect("commands"), [accepted]);
    assert_eq!(store.open_intents().await.expect("intents"), both);
}

// behaviour: store/stale-fence-loses
pub(super) async fn a_stale_fence_writes_no_command<S: Store>(ground: &StoreGround<S>) {
    let store = &ground.store;
    let stale = take(store, 10, 60).await;
    take(store, 70, 60).await;
    let late = command("c-1", CommandPhase::Deleting);
    let answer = store.put_command(stale.fence, &late, &[intent("general-a")]).await;
    assert_eq!(refusal(answer), Refusal::FenceLost);
    assert_eq!(store.commands().await.expect("commands"), []);
    assert_eq!(store.open_intents().await.expect("intents"), []);
}

pub(super) async fn commands_come_in_order_and_are_forgotten<S: Store>(ground: &StoreGround<S>) {
    let store = &ground.store;
    let lease = take(store, 10, 60).await;
    for id in ["c-2", "c-10", "c-1"] {
        let proposed = command(id, CommandPhase::Proposed);
        store.put_command(lease.fence, &proposed, &[]).await.expect("a command");
    }
    let [one, two, ten] = ["c-1", "c-2", "c-10"].map(|id| command(id, CommandPhase::Proposed));
    assert_eq!(store.commands().await.expect("commands"), [one.clone(), ten, two.clone()]);
    let gone = command("c-10", CommandPhase::Proposed).id;
    store.drop_command(&gone).await.expect("it is forgotten");
    store.drop_command(&gone).await.expect("forgotten already");
    assert_eq!(store.commands().await.expect("commands"), [one, two]);
}
