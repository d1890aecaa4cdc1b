//! The text patterns of the custom resources: what each means to a person, and an example that passes.
//!
//! Source: reference, section 0 (shared regexes) and the field tables of sections 1 to 4.

use std::sync::OnceLock;

use regex::Regex;

/// One text pattern: the regular expression of the schema, its meaning in words and a text that matches.
#[derive(Debug)]
pub struct TextPattern {
    /// Regular expression in the syntax that both the API server and this crate understand.
    pub regex: &'static str,
    /// What a matching text is, to be read after "is not".
    pub meaning: &'static str,
    /// A text that matches, used in remedies.
    pub example: &'static str,
}

/// Label keys, taint keys and taint values: an optional DNS domain, a slash and a name.
pub const QUALIFIED_NAME: &str = r"^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*(\/))?([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$";
/// Label values; the empty text is one.
pub const LABEL_VALUE: &str = r"^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$";
/// Durations in hours, minutes and seconds, in any order and repeated; no milliseconds, days or fractions.
pub const DURATION: &str = r"^([0-9]+(s|m|h))+$";
/// A duration, or the word `Never`.
pub const DURATION_OR_NEVER: &str = r"^(([0-9]+(s|m|h))+|Never)$";
/// Duration of a disruption budget: hours and minutes; the trailing `0s` is what Go writes back.
pub const BUDGET_DURATION: &str = r"^((([0-9]+(h|m))|([0-9]+h[0-9]+m))(0s)?)$";
/// Size of a disruption budget: a percentage or a number of nodes.
pub const BUDGET_NODES: &str = r"^((100|[0-9]{1,2})%|[0-9]+)$";
/// Cron line of a disruption budget. Only a rough shape: it admits more than a cron parser does.
pub const BUDGET_SCHEDULE: &str =
    r"^(@(annually|yearly|monthly|weekly|daily|midnight|hourly))|((.+)\s(.+)\s(.+)\s(.+)\s(.+))$";
/// Kubernetes quantities.
pub const QUANTITY: &str = r"^(\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))))?$";
/// API group of a NodeClass.
pub const API_GROUP: &str = r"^[^/]*$";
/// Reason of a status condition.
pub const CONDITION_REASON: &str = r"^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$";
/// Reason of a status condition of a NodeClaim, where no reason at all is allowed.
pub const CONDITION_REASON_OR_EMPTY: &str = r"^([A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?)?$";
/// Type of a status condition.
pub const CONDITION_TYPE: &str = r"^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])$";
/// AMI alias, `family@version`.
pub const AMI_ALIAS: &str = r"^[a-zA-Z0-9]+@[^@]+$";
/// AMI id.
pub const AMI_ID: &str = r"^ami-[0-9a-z]+$";
/// Subnet id.
pub const SUBNET_ID: &str = r"^subnet-[0-9a-z]+$";
/// Security group id.
pub const SECURITY_GROUP_ID: &str = r"^sg-[0-9a-z]+$";
/// Capacity reservation id.
pub const CAPACITY_RESERVATION_ID: &str = r"^cr-[0-9a-z]+$";
/// Placement group id.
pub const PLACEMENT_GROUP_ID: &str = r"^pg-[0-9a-z]+$";
/// AWS account id.
pub const ACCOUNT_ID: &str = r"^[0-9]{12}$";
/// Size of an EBS volume: 1 to 59000 Gi, 1 to 64000 G, 1 to 58 Ti, 1 to 64 T.
pub const VOLUME_SIZE: &str = r"^(([1-9][0-9]{0,3}|[1-4][0-9]{4}|5[0-8][0-9]{3}|59000)Gi|([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-3][0-9]{3}|64000)G|([1-9]|[1-4][0-9]|5[0-8])Ti|([1-9]|[1-5][0-9]|6[0-4])T)$";
/// Price of a NodeOverlay, in USD per hour.
pub const PRICE: &str = r"^[0-9]+(\.[0-9]+)?$";
/// Change of a price by a NodeOverlay: an amount or a percentage, not below -100%.
pub const PRICE_ADJUSTMENT: &str =
    r"^(([+-]([0-9]*\.?[0-9]+))|(\+[0-9]*\.?[0-9]+%)|(-[0-9]{1,2}(\.[0-9]+)?%)|(-100%))$";

const fn pattern(regex: &'static str, meaning: &'static str, example: &'static str) -> TextPattern {
    TextPattern { regex, meaning, example }
}

/// Every pattern that occurs in a generated schema.
pub const ALL: &[TextPattern] = &[
    pattern(
        QUALIFIED_NAME,
        "a qualified name (letters, digits, '-', '_', '.', after an optional domain/)",
        "example.com/team",
    ),
    pattern(LABEL_VALUE, "a label value (letters, digits, '-', '_', '.')", "web-1"),
    pattern(DURATION, "a duration in h, m and s", "1h30m"),
    pattern(DURATION_OR_NEVER, "a duration in h, m and s, or Never", "720h"),
    pattern(BUDGET_DURATION, "a duration in h and m", "8h30m"),
    pattern(BUDGET_NODES, "a number of nodes or a percentage up to 100%", "10%"),
    pattern(BUDGET_SCHEDULE, "a cron line of five fields or a macro such as @daily", "0 9 * * mon-fri"),
    pattern(QUANTITY, "a quantity", "10Gi"),
    pattern(API_GROUP, "an API group without version", "karpenter.k8s.aws"),
    pattern(CONDITION_REASON, "a condition reason in CamelCase", "AwaitingReconciliation"),
    pattern(CONDITION_REASON_OR_EMPTY, "a condition reason in CamelCase, or empty", "AwaitingReconciliation"),
    pattern(CONDITION_TYPE, "a condition type", "Ready"),
    pattern(AMI_ALIAS, "an AMI alias family@version", "al2023@latest"),
    pattern(AMI_ID, "an AMI id", "ami-0123456789abcdef0"),
    pattern(SUBNET_ID, "a subnet id", "subnet-0123456789abcdef0"),
    pattern(SECURITY_GROUP_ID, "a security group id", "sg-0123456789abcdef0"),
    pattern(CAPACITY_RESERVATION_ID, "a capacity reservation id", "cr-0123456789abcdef0"),
    pattern(PLACEMENT_GROUP_ID, "a placement group id", "pg-0123456789abcdef0"),
    pattern(ACCOUNT_ID, "an AWS account id of 12 digits", "123456789012"),
    pattern(VOLUME_SIZE, "a volume size (1-59000Gi, 1-64000G, 1-58Ti, 1-64T)", "100Gi"),
    pattern(PRICE, "a price", "0.25"),
    pattern(PRICE_ADJUSTMENT, "a signed amount or percentage, not below -100%", "-10%"),
];

/// Meaning and example of the pattern with this regular expression, if it is one of ours.
pub fn describe(regex: &str) -> Option<&'static TextPattern> {
    ALL.iter().find(|known| known.regex == regex)
}

fn compiled(cell: &'static OnceLock<Option<Regex>>, regex: &str) -> Option<&'static Regex> {
    cell.get_or_init(|| Regex::new(regex).ok()).as_ref()
}

/// Whether the text is a label value of at most 63 characters.
pub fn is_label_value(text: &str) -> bool {
    static CELL: OnceLock<Option<Regex>> = OnceLock::new();
    text.len() <= 63 && compiled(&CELL, LABEL_VALUE).is_some_and(|regex| regex.is_match(text))
}

/// Whether the text is a quantity.
pub fn is_quantity(text: &str) -> bool {
    static CELL: OnceLock<Option<Regex>> = OnceLock::new();
    compiled(&CELL, QUANTITY).is_some_and(|regex| regex.is_match(text))
}

/// Whether the text is a qualified name with the lengths Kubernetes allows: 253 for the domain, 63 for the name.
pub fn is_qualified_name(text: &str) -> bool {
    static CELL: OnceLock<Option<Regex>> = OnceLock::new();
    let (domain, name) = text.split_once('/').unwrap_or(("", text));
    domain.len() <= 253
        && name.len() <= 63
        && compiled(&CELL, QUALIFIED_NAME).is_some_and(|regex| regex.is_match(text))
}
