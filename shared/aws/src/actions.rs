//! Which IAM actions does the function of a duty need? Collected from the modules it uses; the template of the
//! deployment is checked against this.

use std::collections::BTreeSet;

use joiner_ports::Duty;

use crate::{bus, catalog, class, ec2, eks, events, queue, store};

/// What every function does: keep state, send and receive messages, find its cluster.
const EVERYONE: [&[&str]; 4] = [store::ACTIONS, queue::ACTIONS, queue::RECEIVE_ACTIONS, eks::ACTIONS];

/// Of [`ec2::ACTIONS`], what finding the machine of an announcement takes.
const LOOK_UP: &[&str] = &["ec2:DescribeInstances"];
/// Of [`ec2::ACTIONS`], what ending a machine takes.
const END: &[&str] = &["ec2:DescribeInstances", "ec2:TerminateInstances"];

/// The actions of a duty, each once, in order. For clusters in other accounts those on EC2, EKS, IAM and SSM belong
/// to the role there, and the function needs `sts:AssumeRole` on it.
pub fn of(duty: Duty) -> BTreeSet<&'static str> {
    let own: &[&[&str]] = match duty {
        Duty::Relay => &[bus::ACTIONS, events::ACTIONS],
        Duty::Provision => &[catalog::ACTIONS, ec2::ACTIONS],
        Duty::Lifecycle => &[catalog::ACTIONS, class::ACTIONS, ec2::ACTIONS],
        Duty::Interrupt => &[LOOK_UP],
        Duty::Disrupt => &[catalog::ACTIONS],
        Duty::Terminate => &[END],
    };
    EVERYONE.iter().chain(own).flat_map(|actions| actions.iter().copied()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_duties_that_launch_may_run_instances() {
        let may_run = Duty::ALL.into_iter().filter(|duty| of(*duty).contains("ec2:RunInstances"));
        assert_eq!(may_run.collect::<Vec<_>>(), [Duty::Provision, Duty::Lifecycle]);
        let may_end = Duty::ALL.into_iter().filter(|duty| of(*duty).contains("ec2:TerminateInstances"));
        assert_eq!(may_end.collect::<Vec<_>>(), [Duty::Provision, Duty::Lifecycle, Duty::Terminate]);
    }

    #[test]
    fn parts_of_a_module_are_parts_of_it() {
        assert!(LOOK_UP.iter().chain(END).all(|action| ec2::ACTIONS.contains(action)));
    }

    #[test]
    fn actions_are_spelled_as_policies_spell_them() {
        for action in Duty::ALL.into_iter().flat_map(of) {
            let (service, name) = action.split_once(':').unwrap();
            assert!(service.bytes().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit()), "{action}");
            assert!(name.starts_with(|c: char| c.is_ascii_uppercase()), "{action}");
        }
    }
}
