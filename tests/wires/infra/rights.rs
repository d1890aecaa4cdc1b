//! Do the roles of the functions give what the code calls, and nothing else, on as little as can be said?

use std::collections::{BTreeMap, BTreeSet};

use joiner_aws::actions;
use joiner_ports::Duty;
use serde_json::{Value, json};

use crate::documents::{DOCUMENTS, Template, referred, texts};
use crate::functions::id;

/// Policies that only the way of running needs: interfaces in a VPC, traces, roles of other accounts.
const AROUND: [&str; 3] = ["NetworkPolicy", "OtherAccountsPolicy", "TracePolicy"];
/// What Lambda itself does with a function's role, besides taking messages.
const BY_LAMBDA: [&str; 2] = ["logs:CreateLogStream", "logs:PutLogEvents"];
/// Actions that AWS gives on everything or not at all.
const UNDIVIDED: [&str; 4] = ["ec2:Describe", "iam:ListInstanceProfiles", "pricing:GetProducts", "xray:Put"];

fn statements(policy: &Value) -> Vec<&Value> {
    policy["PolicyDocument"]["Statement"].as_array().expect("statements").iter().collect()
}

/// The managed policies of a role that hold always.
fn attached(template: &'static Template, role: &str) -> Vec<&'static str> {
    let all = template.properties(role)["ManagedPolicyArns"].as_array().expect("policies").iter();
    let refs =
        all.map(
            |policy| {
                if policy["Fn::If"].is_null() { referred(policy) } else { referred(&policy["Fn::If"][1]) }
            },
        );
    refs.filter(|policy| !AROUND.contains(policy)).collect()
}

fn granted(template: &'static Template, role: &str) -> BTreeSet<&'static str> {
    let managed = attached(template, role).into_iter().map(|policy| template.properties(policy));
    let own = template.properties(role)["Policies"].as_array().into_iter().flatten();
    let all = managed.chain(own).flat_map(statements);
    all.flat_map(|statement| texts(&statement["Action"])).collect()
}

#[test]
fn a_function_may_do_what_its_code_does_and_nothing_else() {
    for duty in Duty::ALL {
        let needed: BTreeSet<&str> = actions::of(duty).into_iter().chain(BY_LAMBDA).collect();
        assert_eq!(granted(&DOCUMENTS.template, &format!("{}Role", id(duty))), needed, "{duty:?}");
    }
}

/// A role of another account has what any function needs there: all but the table, the queues and the bus.
#[test]
fn the_role_of_another_account_has_what_all_functions_need_there() {
    let here = ["dynamodb:", "events:", "sqs:"];
    let needed: BTreeSet<&str> = Duty::ALL
        .into_iter()
        .flat_map(actions::of)
        .filter(|action| !here.iter().any(|service| action.starts_with(service)))
        .collect();
    assert_eq!(granted(&DOCUMENTS.cluster, "Role"), needed);
    for policy in attached(&DOCUMENTS.cluster, "Role") {
        let (other, own) = (DOCUMENTS.cluster.properties(policy), DOCUMENTS.template.properties(policy));
        assert_eq!(other, own, "{policy}");
    }
}

fn every_policy() -> impl Iterator<Item = (&'static str, &'static Value)> {
    let template = &DOCUMENTS.template;
    let managed = template.of_type("AWS::IAM::ManagedPolicy");
    let inline = template.of_type("AWS::IAM::Role").into_iter().flat_map(|(name, role)| {
        let policies = role["Policies"].as_array().into_iter().flatten();
        policies.flat_map(statements).map(move |statement| (name, statement)).collect::<Vec<_>>()
    });
    managed
        .into_iter()
        .flat_map(|(name, policy)| statements(policy).into_iter().map(move |one| (name, one)))
        .chain(inline)
}

#[test]
fn nothing_is_given_on_everything_that_can_be_given_on_less() {
    for (policy, statement) in every_policy() {
        let actions = texts(&statement["Action"]);
        assert!(actions.iter().all(|action| !action.contains('*')), "{policy}: {actions:?}");
        let on_everything = texts(&statement["Resource"]).contains(&"*");
        let undivided = actions.iter().all(|action| UNDIVIDED.iter().any(|begin| action.starts_with(begin)));
        assert!(
            !on_everything || undivided || policy == "NetworkPolicy",
            "{policy}: {actions:?} on everything"
        );
    }
}

/// What is changed or taken away has to carry the tags of a cluster of this deployment.
#[test]
fn only_machines_of_the_clusters_are_touched() {
    let clusters = json!({"Ref": "ClusterNames"});
    let mut tested = BTreeMap::new();
    for (policy, statement) in every_policy() {
        let condition = &statement["Condition"];
        for action in texts(&statement["Action"]) {
            let tags = ["aws:ResourceTag/eks:eks-cluster-name", "aws:RequestTag/eks:eks-cluster-name"];
            let bound = tags.iter().any(|tag| condition["StringEquals"][tag] == clusters);
            if let "ec2:TerminateInstances"
            | "ec2:DeleteLaunchTemplate"
            | "ec2:CreateTags"
            | "ec2:CreateLaunchTemplate"
            | "iam:CreateInstanceProfile"
            | "iam:TagInstanceProfile"
            | "iam:DeleteInstanceProfile"
            | "iam:AddRoleToInstanceProfile"
            | "iam:RemoveRoleFromInstanceProfile" = action
            {
                assert!(bound, "{policy}: {action} on foreign things");
                tested.insert(action, ());
            }
        }
    }
    assert_eq!(tested.len(), 9);
}

#[test]
fn only_node_roles_are_given_to_instances_and_only_to_ec2() {
    let passing: Vec<_> = every_policy()
        .filter(|(_, statement)| texts(&statement["Action"]).contains(&"iam:PassRole"))
        .collect();
    let [(_, statement)] = passing.as_slice() else { panic!("PassRole is given {} times", passing.len()) };
    let names = &statement["Resource"]["Fn::Split"][1]["Fn::Sub"][1]["Names"]["Fn::Join"][1];
    assert_eq!(*names, json!({"Ref": "NodeRoleNames"}));
    let to = &statement["Condition"]["StringEquals"]["iam:PassedToService"];
    assert_eq!(texts(to), ["ec2.amazonaws.com", "ec2.amazonaws.com.cn"]);
}
