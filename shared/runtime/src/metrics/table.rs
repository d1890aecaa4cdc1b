//! Which metrics are there? Names of the peer where the same is measured (api 7.1), with `joiner_` before what only
//! this product has.

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Unit {
    /// A number of things; add them up.
    Count,
    /// A duration; look at its percentiles.
    Seconds,
}

impl Unit {
    /// As CloudWatch names it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Unit::Count => "Count",
            Unit::Seconds => "Seconds",
        }
    }
}

/// One metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metric {
    /// Its name.
    pub name: &'static str,
    /// Its unit.
    pub unit: Unit,
    /// Dimensions behind the cluster.
    pub dimensions: &'static [&'static str],
    /// What it says.
    pub meaning: &'static str,
}

macro_rules! metrics {
    ($($id:ident $name:literal $unit:ident [$($dimension:literal),*] $meaning:literal;)*) => {
        $(
            #[doc = $meaning]
            pub const $id: Metric =
                Metric { name: $name, unit: Unit::$unit, dimensions: &[$($dimension),*], meaning: $meaning };
        )*
        /// Every metric, in the order of pages.
        pub const METRICS: &[Metric] = &[$($id),*];
    };
}

metrics! {
    CLAIMS_CREATED "karpenter_nodeclaims_created_total" Count [] "NodeClaims created";
    CLAIMS_TERMINATED "karpenter_nodeclaims_terminated_total" Count [] "NodeClaims that are gone";
    CLAIMS_DISRUPTED "karpenter_nodeclaims_disrupted_total" Count ["reason"] "NodeClaims deleted by a decision, by reason";
    NODES_CREATED "karpenter_nodes_created_total" Count [] "Nodes that registered";
    NODES_TERMINATED "karpenter_nodes_terminated_total" Count [] "Nodes that were let go";
    EVICTIONS "karpenter_pods_eviction_requests_total" Count ["code"] "Answers to evictions: 201 accepted, 429 forbidden by a disruption budget";
    UNSCHEDULABLE "karpenter_scheduler_unschedulable_pods_count" Count [] "Pods of a pass that fit nowhere; look at the maximum";
    DECISIONS "karpenter_voluntary_disruption_decisions_total" Count ["reason"] "Disruptions decided on, by reason";
    FAILED_VALIDATIONS "karpenter_voluntary_disruption_failed_validations_total" Count [] "Nodes whose disruption no longer held when it was looked at again";
    CLOUD_DURATION "karpenter_cloudprovider_duration_seconds" Seconds ["method"] "What a call of the cloud took";
    CLOUD_ERRORS "karpenter_cloudprovider_errors_total" Count ["method", "error"] "Calls of the cloud that failed";
    INTERRUPTIONS "karpenter_interruption_received_messages_total" Count ["message_type"] "Announcements of EC2 that were looked at";
    INTERRUPTION_DELAY "karpenter_interruption_message_queue_duration_seconds" Seconds [] "From an announcement until it was handled";
    HANDLED "joiner_messages_total" Count ["kind"] "Messages handled";
    FAILED "joiner_messages_failed_total" Count ["kind"] "Messages whose handling failed; they come again";
    HANDLING "joiner_message_duration_seconds" Seconds ["kind"] "What handling a message took";
    POSTPONED "joiner_messages_postponed_total" Count ["kind"] "Messages put off because the world moved or asked to wait";
    INSTANCES_LAUNCHED "joiner_instances_launched_total" Count ["capacity_type"] "Instances launched";
    ORPHANS "joiner_orphans_terminated_total" Count [] "Instances terminated because no NodeClaim stands for them";
    INCOMPLETE "joiner_incomplete_views_total" Count [] "Looks at a cluster that were not complete, so that nothing was decided";
    WATCH_HELD "joiner_watch_seconds" Seconds [] "How long a watch was held by one holder";
    RELAYED "joiner_relayed_messages_total" Count ["source"] "Messages the relay sent on, by what noticed them";
}
