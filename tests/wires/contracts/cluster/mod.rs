//! What do every `ClusterRead` and `ClusterWrite` promise? The same claims hold for a real API server and for the
//! cluster in memory, so that what storms prove of the one can be believed of the other.

mod claims;
mod memory;
mod nodes;
mod objects;
mod pods;
mod pools;
mod watching;
mod wire;

use joiner_core::model::{NodeClaim, Snapshot};
use joiner_ports::{ClusterError, ClusterRead, Completeness, CreatedClaim, Machine, Target};

use objects::Names;

/// A cluster that holds the objects of [`objects::manifests`] under names of the claim's own.
struct ClusterGround<C> {
    cluster: C,
    names: Names,
}

/// Runs one claim by its name; `run` is a macro of the ground's file.
macro_rules! every_claim {
    ($run:ident) => {
        $run!(claims::a_claim_is_created_once_and_carries_its_finalizer);
        $run!(claims::a_patch_writes_what_it_names_and_keeps_the_rest);
        $run!(claims::conditions_are_written_by_kind_and_taken_away);
        $run!(claims::a_claim_of_another_uid_is_never_touched);
        $run!(claims::a_deleted_claim_stays_until_its_finalizer_goes);
        $run!(nodes::a_node_is_labelled_tainted_and_let_go);
        $run!(nodes::a_node_of_another_uid_is_never_touched);
        $run!(nodes::a_machine_is_a_claim_with_the_nodes_of_its_provider_id);
        $run!(pods::a_pod_of_another_uid_is_never_touched);
        $run!(pods::an_evicted_pod_is_seen_to_go);
        $run!(pods::a_budget_blocks_an_eviction_and_no_deletion);
        $run!(pools::a_pool_or_class_of_another_uid_is_never_touched);
        $run!(pools::pools_and_classes_take_patches);
        $run!(pools::an_event_may_be_told_twice);
    };
}
use every_claim;

/// The whole cluster, complete.
async fn snapshot(cluster: &impl ClusterRead) -> Snapshot {
    let view = cluster.snapshot().await.expect("a snapshot");
    assert_eq!(view.completeness, Completeness::Complete);
    view.snapshot
}

/// The machine of a claim.
async fn machine_of(cluster: &impl ClusterRead, claim: &NodeClaim) -> Option<Machine> {
    let name = joiner_ports::ClaimName::new(&claim.name).expect("a name");
    cluster.machine(&Target::Claim(name)).await.expect("an answer")
}

/// How a write was refused.
#[derive(Debug, PartialEq, Eq)]
enum No {
    Conflict(String),
    Gone(String),
    Rejected(String),
    Later,
}

fn refusal<T: std::fmt::Debug>(answer: Result<T, ClusterError>) -> No {
    match answer.expect_err("a refusal") {
        ClusterError::Conflict(what) => No::Conflict(what),
        ClusterError::Gone(what) => No::Gone(what),
        ClusterError::Rejected(why) => No::Rejected(why),
        ClusterError::Throttled(_) | ClusterError::Unavailable(_) => No::Later,
    }
}

fn new_claim(created: &CreatedClaim) -> &NodeClaim {
    assert!(!created.existed, "{} was there before", created.claim.name);
    &created.claim
}
