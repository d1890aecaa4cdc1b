//! The auditor's look at machines that are there already.

use std::collections::{BTreeMap, BTreeSet};

use joiner_core::model::{NamespacedName, Pod, keys};

use super::audit::pods_of;
use super::audit_facts::{Facts, Target, alternatives, claim_key, labels_meet, sum, tolerates};

pub(crate) fn node(facts: &Facts<'_>, name: &str, pods: &[NamespacedName], wrong: &mut Vec<String>) {
    let targets = facts.targets();
    let Some(target) = targets.iter().find(|t| &*t.name == name) else {
        wrong.push(format!("{name} takes no pods"));
        return;
    };
    let pods = pods_of(facts, pods);
    let mut say = |what: String| wrong.push(format!("{name}: {what}"));
    let mut labels = target.labels.clone();
    labels.entry(keys::HOSTNAME.into()).or_insert_with(|| target.name.clone());
    for pod in &pods {
        if !tolerates(&target.taints, &pod.spec, false) {
            say(format!("{} does not tolerate the taints", pod.key));
        }
        if !alternatives(&pod.spec).iter().any(|wanted| labels_meet(&labels, wanted)) {
            say(format!("{} asks for other labels", pod.key));
        }
        for reach in facts.reach(pod) {
            if !reach.iter().any(|wanted| labels_meet(&labels, wanted)) {
                say(format!("{} cannot reach a volume", pod.key));
            }
        }
    }
    if let Some((resource, missing)) = sum(pods.iter().copied()).shortfall_in(&target.room) {
        say(format!("{missing} {resource} short"));
    }
    for (index, pod) in pods.iter().enumerate() {
        let taken = target.bound.iter().chain(&pods[..index]).flat_map(|p| &p.spec.host_ports);
        if taken.into_iter().any(|t| pod.spec.host_ports.iter().any(|p| p.conflicts_with(t))) {
            say(format!("{} wants a port that is taken", pod.key));
        }
    }
    volumes(facts, target, &pods, &mut say);
}

/// Drivers' volumes with the pods' own stay within what the node takes.
fn volumes(facts: &Facts<'_>, target: &Target<'_>, pods: &[&Pod], say: &mut impl FnMut(String)) {
    let mut by_driver: BTreeMap<String, BTreeSet<NamespacedName>> = BTreeMap::new();
    for pod in target.bound.iter().chain(pods) {
        for key in pod.spec.volumes.iter().map(|v| claim_key(pod, v)) {
            if let Some(driver) = driver(facts, &key) {
                by_driver.entry(driver).or_default().insert(key);
            }
        }
    }
    let limits = facts.world.volume_limits.iter().filter(|l| target.node.is_some_and(|n| n.name == l.node));
    for limit in limits {
        let count = by_driver.get(&*limit.driver).map_or(0, BTreeSet::len);
        if count > limit.count as usize {
            say(format!("{count} volumes of {}, {} fit", limit.driver, limit.count));
        }
    }
}

fn driver(facts: &Facts<'_>, key: &NamespacedName) -> Option<String> {
    let claim = facts.world.volume_claims.iter().find(|c| c.key == *key)?;
    match &claim.volume_name {
        Some(name) => {
            facts.world.volumes.iter().find(|v| v.name == *name)?.driver.as_ref().map(ToString::to_string)
        }
        None => {
            let class = claim.storage_class.as_ref()?;
            facts.world.storage_classes.iter().find(|s| s.name == *class).map(|s| s.provisioner.to_string())
        }
    }
}
