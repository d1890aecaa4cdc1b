//! How does a machine present itself to its cluster? As a kubelet would: a Node object with the labels and taints of
//! its user data and the resources of its instance type, less what the system keeps.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::user_data::NodeConfig;
use crate::control_plane::KWOK_NODE;

/// What EC2 says about a machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hardware {
    /// Instance id.
    pub instance: String,
    /// Its type.
    pub instance_type: String,
    /// Its region.
    pub region: String,
    /// Its zone.
    pub zone: String,
    /// `amd64` or `arm64`.
    pub architecture: String,
    /// Its private name, which becomes that of its node.
    pub private_dns_name: String,
    /// Processors.
    pub vcpus: u64,
    /// Memory in MiB, as advertised.
    pub memory_mib: u64,
}

/// Of the advertised memory the firmware and the kernel keep some. What is left is more than planning reckons with,
/// which takes off 7.5 percent.
const MEMORY_LEFT_PERCENT: u64 = 97;
const DISK_MIB: u64 = 20 * 1024;
/// The kubelet evicts pods below this.
const EVICTION_MIB: u64 = 100;

impl Hardware {
    /// How its node knows it: `aws:///<zone>/<instance>`.
    pub fn provider_id(&self) -> String {
        format!("aws:///{}/{}", self.zone, self.instance)
    }

    /// The Node object of a machine that joins.
    pub fn node(&self, config: &NodeConfig) -> Value {
        let pods = config.kubelet_number("maxPods").unwrap_or(110);
        let memory_mib = self.memory_mib * MEMORY_LEFT_PERCENT / 100;
        let kept = Kept::read(self, config, pods);
        let capacity = resources(self.vcpus * 1000, memory_mib, DISK_MIB, pods);
        let disk_left = DISK_MIB - kept.disk_mib - DISK_MIB / 10;
        let allocatable = resources(
            (self.vcpus * 1000).saturating_sub(kept.cpu_milli),
            memory_mib.saturating_sub(kept.memory_mib + EVICTION_MIB),
            disk_left,
            pods,
        );
        let mut taints = config.kubelet.get("registerWithTaints").cloned().unwrap_or_else(|| json!([]));
        if let Value::Array(list) = &mut taints {
            list.push(json!({"key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"}));
        }
        json!({
            "apiVersion": "v1", "kind": "Node",
            "metadata": {"name": self.private_dns_name, "labels": self.labels(config)},
            "spec": {"providerID": self.provider_id(), "taints": taints},
            "status": {"capacity": capacity, "allocatable": allocatable},
        })
    }

    fn labels(&self, config: &NodeConfig) -> BTreeMap<String, String> {
        let own = [
            ("kubernetes.io/hostname", self.private_dns_name.as_str()),
            ("kubernetes.io/os", "linux"),
            ("kubernetes.io/arch", &self.architecture),
            ("node.kubernetes.io/instance-type", &self.instance_type),
            ("topology.kubernetes.io/region", &self.region),
            ("topology.kubernetes.io/zone", &self.zone),
            KWOK_NODE,
        ];
        let mut labels = config.labels.clone();
        labels.extend(own.map(|(key, value)| (key.to_owned(), value.to_owned())));
        labels
    }
}

/// What the system keeps for itself.
struct Kept {
    cpu_milli: u64,
    memory_mib: u64,
    disk_mib: u64,
}

impl Kept {
    /// What the configuration says, and otherwise what the image of EKS would.
    fn read(hardware: &Hardware, config: &NodeConfig, pods: u64) -> Kept {
        let set = config.kubelet_map("kubeReserved");
        let cpu = set.get("cpu").and_then(|text| text.strip_suffix('m')).and_then(|text| text.parse().ok());
        let memory =
            set.get("memory").and_then(|text| text.strip_suffix("Mi")).and_then(|text| text.parse().ok());
        Kept {
            cpu_milli: cpu.unwrap_or_else(|| kept_cpu_milli(hardware.vcpus)),
            memory_mib: memory.unwrap_or(255 + 11 * pods),
            disk_mib: 1024,
        }
    }
}

/// Six percent of the first processor, one of the second, half a percent of two more, a quarter of the rest.
fn kept_cpu_milli(vcpus: u64) -> u64 {
    let tenths = (0..vcpus).map(|at| match at {
        0 => 600,
        1 => 100,
        2 | 3 => 50,
        _ => 25,
    });
    tenths.sum::<u64>() / 10
}

fn resources(cpu_milli: u64, memory_mib: u64, disk_mib: u64, pods: u64) -> Value {
    json!({
        "cpu": format!("{cpu_milli}m"),
        "memory": format!("{memory_mib}Mi"),
        "ephemeral-storage": format!("{disk_mib}Mi"),
        "pods": pods.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_has_what_its_user_data_says_and_what_its_machine_holds() {
        let hardware = Hardware {
            instance: "i-0abc".into(),
            instance_type: "m5.large".into(),
            region: "us-east-1".into(),
            zone: "us-east-1a".into(),
            architecture: "amd64".into(),
            private_dns_name: "ip-10-0-0-4.ec2.internal".into(),
            vcpus: 2,
            memory_mib: 8192,
        };
        let mut config = NodeConfig::default();
        config.labels.insert("team".into(), "blue".into());
        config.kubelet.insert("maxPods".into(), json!(29));
        config.kubelet.insert("registerWithTaints".into(), json!([{"key": "k", "effect": "NoExecute"}]));
        let node = hardware.node(&config);
        assert_eq!(node["spec"]["providerID"], "aws:///us-east-1a/i-0abc");
        assert_eq!(node["metadata"]["labels"]["team"], "blue");
        let taints = json!([
            {"key": "k", "effect": "NoExecute"},
            {"key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"},
        ]);
        assert_eq!(node["spec"]["taints"], taints);
        let allocatable =
            json!({"cpu": "1930m", "memory": "7272Mi", "ephemeral-storage": "17408Mi", "pods": "29"});
        assert_eq!(node["status"]["allocatable"], allocatable);
    }
}
