//! How does a function start, and how does it not?

use std::time::Duration;

use joiner_ports::Duty;
use joiner_wires::lambda::InvocationFault;

use crate::fixture::{Bench, batch, failed, lines};

/// Asking for work takes this long at most, on a busy machine and with binaries that are not optimised.
const PATIENCE: Duration = Duration::from_secs(2);

#[tokio::test(flavor = "multi_thread")]
async fn every_function_asks_for_work_before_it_calls_anyone() {
    let bench = Bench::new("starting").await;
    for duty in Duty::ALL.into_iter().filter(|duty| *duty != Duty::Relay) {
        // Whoever called this address would wait for ever.
        let function = bench.function(duty, &bench.silence());
        assert_eq!(failed(&function.invoke(&batch(&["garbage"])).await.unwrap()), ["0"]);
        let [cold] = function.cold_starts()[..] else { panic!("one process was enough") };
        println!("{}: {} ms from its start to its first question", duty.as_str(), cold.as_millis());
        assert!(cold < PATIENCE, "{} took {} ms", duty.as_str(), cold.as_millis());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_settings_end_a_function_with_all_that_is_wrong() {
    let bench = Bench::new("settings").await;
    let mut spec = bench.spec(Duty::Provision, &bench.silence());
    spec.variables.insert("JOINER_CLUSTER".to_owned(), "prod".to_owned());
    spec.variables.insert("BATCH_MAX_DURATION".to_owned(), "ten".to_owned());
    spec.variables.remove("JOINER_TABLE");
    let provision = bench.deployed(spec);
    let Err(InvocationFault::NotStarted(_)) = provision.invoke(&batch(&[])).await else {
        panic!("it must not start");
    };
    let [line] = &lines(&provision.output())[..] else { panic!("one line says it all") };
    assert_eq!((&line["level"], &line["function"]), (&"ERROR".into(), &"provision".into()));
    assert_eq!(
        line["message"],
        "the environment cannot be used:\n  \
         JOINER_CLUSTER=\"prod\" is not a known setting; did you mean JOINER_CLUSTERS?\n  \
         JOINER_TABLE is not set; set it: Name of the DynamoDB table\n  \
         BATCH_MAX_DURATION=\"ten\" is not a duration; write such as 1s, 1m30s or 500ms"
    );
}
