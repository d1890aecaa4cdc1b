//! Lines that describe pods: `pod web x3 cpu=1 need=zone=a spread=zone/1`.

use std::sync::Arc;

use joiner_core::model::{
    Expression, HostPort, LabelSelector, Labels, Owner, Pod, PodPhase, PodSpec, PodTerm, PodVolume,
    PreferredNodeTerm, PreferredPodTerm, TaintEffect, Toleration, TolerationOperator, TopologySpread,
    WhenUnsatisfiable,
};

use super::expression::{expression, key, term};
use super::objects::{NOW, at, pod};
use super::script::{Line, pair, quantity};

/// The pods of a line; `x3` makes three, numbered from zero. All carry the label `app`, with the line's name unless
/// it says otherwise.
pub(crate) fn pods(line: &Line<'_>) -> Vec<Pod> {
    let spec = Arc::new(spec(line));
    let mut labels: Labels = line.all("label").map(pair).collect();
    labels.entry("app".into()).or_insert_with(|| app(line).into());
    let labels = Arc::new(labels);
    let replicas = line.flags().find_map(|flag| flag.strip_prefix('x')?.parse::<usize>().ok());
    let names: Vec<String> = match replicas {
        Some(count) => (0..count).map(|index| format!("{}-{index}", line.name)).collect(),
        None => vec![line.name.to_owned()],
    };
    names.iter().map(|name| one(line, name, (&spec, &labels))).collect()
}

fn one(line: &Line<'_>, name: &str, (spec, labels): (&Arc<PodSpec>, &Arc<Labels>)) -> Pod {
    let mut made = pod(name);
    made.spec = spec.clone();
    made.labels = labels.clone();
    made.key.namespace = line.get("ns").unwrap_or("default").into();
    made.uid = line.get("uid").unwrap_or(name).into();
    made.owners = line.all("owner").map(owner).collect();
    if let Some(age) = line.get("age") {
        made.created_at = Some(at(NOW - age.parse::<i64>().expect("seconds")));
    }
    if let Some(node) = line.get("on") {
        made.node_name = Some(node.into());
        made.phase = PodPhase::Running;
        (made.unschedulable, made.ready) = (false, true);
    }
    match line.get("phase") {
        Some("Succeeded") => made.phase = PodPhase::Succeeded,
        Some("Failed") => made.phase = PodPhase::Failed,
        _ => {}
    }
    made.started_at = line.get("up").map(|up| at(NOW - up.parse::<i64>().expect("seconds")));
    made.deletion_at = line.has("deleting").then(|| at(NOW));
    made.unschedulable &= !line.has("unseen");
    made.nominated_node_name = line.get("nominated").map(Into::into);
    if let Some(keep) = line.get("keep") {
        let key = joiner_core::model::keys::DO_NOT_DISRUPT;
        made.annotations = Arc::new(Labels::from([(key.into(), keep.into())]));
    }
    made
}

fn owner(kind: &str) -> Owner {
    let api_version = if kind == "Node" { "v1" } else { "apps/v1" };
    Owner {
        api_version: api_version.into(),
        kind: kind.into(),
        name: "owner".into(),
        uid: "owner".into(),
        controller: true,
    }
}

/// The line's value of the label `app`.
fn app<'a>(line: &Line<'a>) -> &'a str {
    line.all("label").find_map(|l| l.strip_prefix("app:")).unwrap_or(line.name)
}

fn spec(line: &Line<'_>) -> PodSpec {
    let app = app(line);
    let mut spec = (*pod(line.name).spec).clone();
    for (name, resource) in [("cpu", "cpu"), ("mem", "memory"), ("gpu", "nvidia.com/gpu")] {
        if let Some(amount) = line.get(name) {
            spec.requests.set(resource.into(), quantity(amount));
        }
    }
    for (name, amount) in line.all("ask").map(pair) {
        spec.requests.set((&*name).into(), quantity(&amount));
    }
    spec.node_selector = line.all("sel").map(pair).map(|(k, v)| (key(&k).into(), v)).collect();
    spec.required_node_terms = line.all("need").map(term).collect();
    spec.preferred_node_terms = line.all("prefer").map(weighted).map(preferred_node).collect();
    spec.tolerations = line.all("tol").map(toleration).collect();
    spec.host_ports = line.all("port").map(port).collect();
    spec.volumes = line.all("pvc").map(|v| PodVolume::Claim(v.into())).collect();
    spec.volumes.extend(line.all("eph").map(|v| PodVolume::Ephemeral(v.into())));
    spec.has_resource_claims = line.has("dra");
    spec.topology_spread = line.all("spread").map(|s| spread(s, app)).collect();
    spec.required_affinity = line.all("near").map(|t| pod_term(t, app)).collect();
    spec.required_anti_affinity = line.all("far").map(|t| pod_term(t, app)).collect();
    let soft = |(weight, text): (i32, &str)| PreferredPodTerm { weight, term: pod_term(text, app) };
    spec.preferred_affinity = line.all("like").map(weighted).map(soft).collect();
    spec.preferred_anti_affinity = line.all("dislike").map(weighted).map(soft).collect();
    spec
}

fn weighted(text: &str) -> (i32, &str) {
    let (weight, rest) = text.split_once('*').expect("weight*term");
    (weight.parse().expect("a weight"), rest)
}

fn preferred_node((weight, text): (i32, &str)) -> PreferredNodeTerm {
    PreferredNodeTerm { weight, term: term(text) }
}

/// `*`, `team`, `team:NoSchedule`, `team=a`, `team=a:NoExecute`.
fn toleration(text: &str) -> Toleration {
    let (left, effect) = text.split_once(':').map_or((text, None), |(l, e)| (l, TaintEffect::parse(e)));
    let (name, value) = left.split_once('=').map_or((left, None), |(k, v)| (k, Some(v)));
    Toleration {
        key: (name != "*").then(|| name.into()),
        operator: if value.is_some() { TolerationOperator::Equal } else { TolerationOperator::Exists },
        value: value.unwrap_or_default().into(),
        effect,
    }
}

/// `8080`, `8080/UDP`, `8080@10.0.0.1`.
fn port(text: &str) -> HostPort {
    let (text, ip) = text.split_once('@').unwrap_or((text, "0.0.0.0"));
    let (number, protocol) = text.split_once('/').unwrap_or((text, "TCP"));
    HostPort { ip: ip.into(), port: number.parse().expect("a port"), protocol: protocol.into() }
}

/// Labels and expressions joined with `&`; an empty text selects everything.
pub(crate) fn selector(text: &str) -> LabelSelector {
    let all = |part: &str| Expression {
        key: part.split(['=', '!', '?']).next().unwrap_or(part).into(),
        ..expression(part)
    };
    LabelSelector {
        match_labels: Labels::new(),
        match_expressions: text.split('&').filter(|p| !p.is_empty()).map(all).collect(),
    }
}

/// `zone/1`, then any of `/soft`, `/min=3`, `/for=SELECTOR`, `/nil`, `/by=LABEL`, `/anyaff`, `/taints`. Selects pods
/// with the same `app` unless told otherwise.
fn spread(text: &str, app: &str) -> TopologySpread {
    let parts: Vec<&str> = text.split('/').collect();
    let option = |name: &str| parts.iter().find_map(|part| part.strip_prefix(name));
    let own = format!("app={app}");
    let selects = selector(option("for=").unwrap_or(&own));
    TopologySpread {
        topology_key: key(parts[0]).into(),
        max_skew: parts[1].parse().expect("a skew"),
        min_domains: option("min=").map(|n| n.parse().expect("a number")),
        when_unsatisfiable: match option("soft") {
            Some(_) => WhenUnsatisfiable::ScheduleAnyway,
            None => WhenUnsatisfiable::DoNotSchedule,
        },
        selector: option("nil").is_none().then_some(selects),
        match_label_keys: option("by=").into_iter().map(Into::into).collect(),
        honor_node_affinity: option("anyaff").is_none(),
        honor_node_taints: option("taints").is_some(),
    }
}

/// `zone` selects pods with the same `app`; `zone/app=web` others; `/in=ns` names a namespace, `/everywhere` all,
/// `/where=SELECTOR` those with labels.
fn pod_term(text: &str, app: &str) -> PodTerm {
    let parts: Vec<&str> = text.split('/').collect();
    let own = format!("app={app}");
    let option = |name: &str| parts.iter().find_map(|part| part.strip_prefix(name));
    let others =
        parts.iter().skip(1).find(|p| !["in=", "where=", "everywhere"].iter().any(|o| p.starts_with(o)));
    let everywhere = option("everywhere").map(|_| LabelSelector::default());
    PodTerm {
        topology_key: key(parts[0]).into(),
        selector: Some(selector(others.unwrap_or(&own.as_str()))),
        namespaces: option("in=").into_iter().map(Into::into).collect(),
        namespace_selector: everywhere.or(option("where=").map(selector)),
    }
}
