//! Does the simulated world behave, with a plain handler in it that does the whole job without care? And do the
//! checks catch the handler where it is careless?

use crate::support::{WORKSHOP, deployment, plain, run, scenario, workshop_with_web};
use joiner_sim::faults::Faults;
use joiner_sim::scenario::Scenario;

const UP_AND_DOWN: &str = "10s deployment/web 12\n8m deployment/web 3\n14m deployment/web 0";

/// One invocation at a time, which is what a handler without a lease needs.
fn one_at_a_time(seed: u64, yaml: &str, script: &str) -> Scenario {
    let mut scenario = scenario(seed, yaml, script);
    scenario.pace.invocations_at_once = 1;
    scenario
}

#[test]
fn pods_get_nodes_and_nodes_go_when_their_pods_have_gone() {
    let (report, _) = run(&one_at_a_time(1, &workshop_with_web(), UP_AND_DOWN), plain::handler);
    assert_eq!((report.pods_created, report.pods_ran, report.nodes_left), (12, 12, 0));
    assert_eq!(report.violations, Vec::<String>::new());
    assert_eq!(report.nodes_launched, 1, "twelve half vCPU fit one machine");
    assert!(report.least_cost_usd > 0.0 && report.least_cost_usd < report.cost_usd, "{report:?}");
}

#[test]
fn a_seed_leaves_the_same_trace_byte_for_byte_and_another_seed_another() {
    let trace = |seed| {
        let mut scenario = scenario(seed, &workshop_with_web(), UP_AND_DOWN);
        scenario.faults = Faults::storm(3);
        run(&scenario, plain::handler).1
    };
    let first = trace(7);
    assert_eq!(first, trace(7));
    assert_ne!(first, trace(8));
}

#[test]
fn checks_catch_a_handler_without_a_lease_that_launches_past_the_limit() {
    let (report, _) = run(&scenario(1, &workshop_with_web(), UP_AND_DOWN), plain::handler);
    assert_eq!(report.violations[0], "pool default holds 16 cpu, its limit is 10");
}

#[test]
fn a_pod_past_the_limit_waits_and_is_told_why() {
    let yaml = format!("{WORKSHOP}{}", deployment("big", "6", "1Gi"));
    let (report, _) = run(&one_at_a_time(1, &yaml, "10s deployment/big 2"), plain::handler);
    assert_eq!((report.pods_ran, report.pods_waiting.len()), (1, 1));
    let why = &report.pods_waiting[0].why;
    assert!(why.starts_with("NodePool default: limit on cpu: 2 left"), "{why}");
    assert_eq!(report.violations, Vec::<String>::new());
}

#[test]
fn without_a_pool_nothing_happens_and_the_reason_is_said() {
    let (report, _) =
        run(&scenario(1, &deployment("web", "1", "1Gi"), "10s deployment/web 1"), plain::handler);
    assert_eq!((report.nodes_launched, report.pods_ran), (0, 0));
    let whys: Vec<&str> = report.pods_waiting.iter().map(|pod| &*pod.why).collect();
    assert_eq!(whys, ["there is no NodePool that could be used"]);
}

#[test]
fn a_pool_whose_class_is_missing_is_not_used_and_says_so() {
    let pool = WORKSHOP.split("---").next().unwrap_or_default();
    let yaml = format!("{pool}{}", deployment("web", "1", "1Gi"));
    let (report, _) = run(&scenario(1, &yaml, "10s deployment/web 1"), plain::handler);
    assert_eq!(report.nodes_launched, 0);
    let whys: Vec<&str> = report.pools_unused.iter().map(|pool| &*pool.why).collect();
    assert_eq!(whys, ["its EC2NodeClass default does not exist; create it or correct nodeClassRef.name"]);
}

#[test]
fn what_ec2_refuses_by_script_is_not_launched() {
    let mut scenario = one_at_a_time(1, &workshop_with_web(), "10s deployment/web 12");
    let (report, trace) = run(&scenario, plain::handler);
    let launched = trace.lines().find(|line| line.contains("instance launched")).unwrap_or_default();
    assert_eq!(report.nodes_launched, 1);
    assert!(launched.contains("c6a.2xlarge in us-east-1a"), "{launched}");
    for types in scenario.types.values_mut() {
        let mut fewer = (**types).clone();
        fewer.retain(|found| &*found.name == "c6a.2xlarge");
        *types = fewer.into();
    }
    scenario.faults.no_capacity = 1000;
    let (report, trace) = run(&scenario, plain::handler);
    assert_eq!(report.nodes_launched, 0);
    assert!(trace.contains("launch refused"), "{trace}");
}
