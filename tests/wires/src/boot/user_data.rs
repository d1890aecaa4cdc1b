//! What does an instance's user data tell it to become? Read as the boot program of Amazon Linux 2023 does: every
//! NodeConfig in order, later ones over earlier ones.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

/// What a node joins as.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct NodeConfig {
    /// Name of the cluster.
    pub cluster: String,
    /// URL of its API server.
    pub endpoint: String,
    /// Certificate authority: PEM in base64.
    pub certificate_authority: String,
    /// Labels from the kubelet's flags.
    pub labels: BTreeMap<String, String>,
    /// The kubelet's configuration.
    pub kubelet: Map<String, Value>,
}

impl NodeConfig {
    /// Reads user data as EC2 gives it, base64.
    ///
    /// # Errors
    /// It is not base64, or holds no NodeConfig.
    pub fn from_user_data(user_data: &str) -> Result<Self, String> {
        let bytes = STANDARD.decode(user_data).map_err(|e| format!("user data is not base64: {e}"))?;
        let text = String::from_utf8(bytes).map_err(|e| format!("user data is not text: {e}"))?;
        let mut whole = Map::new();
        for part in parts(&text) {
            if let Ok(document) = serde_saphyr::from_str::<Map<String, Value>>(part)
                && document.get("kind").and_then(Value::as_str) == Some("NodeConfig")
            {
                merge(&mut whole, document);
            }
        }
        let whole = Value::Object(whole);
        let text = |pointer: &str| whole.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
        let cluster = text("/spec/cluster/name").ok_or("user data holds no NodeConfig with a cluster")?;
        Ok(NodeConfig {
            cluster,
            endpoint: text("/spec/cluster/apiServerEndpoint").unwrap_or_default(),
            certificate_authority: text("/spec/cluster/certificateAuthority").unwrap_or_default(),
            labels: labels(&whole),
            kubelet: whole
                .pointer("/spec/kubelet/config")
                .and_then(Value::as_object)
                .cloned()
                .unwrap_or_default(),
        })
    }

    /// A number of the kubelet's configuration.
    pub fn kubelet_number(&self, key: &str) -> Option<u64> {
        self.kubelet.get(key)?.as_u64()
    }

    /// A map of texts of the kubelet's configuration.
    pub fn kubelet_map(&self, key: &str) -> BTreeMap<String, String> {
        let entries = self.kubelet.get(key).and_then(Value::as_object).into_iter().flatten();
        entries.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect()
    }
}

/// The bodies of a multipart text, or the whole text.
fn parts(text: &str) -> Vec<&str> {
    let border = text.lines().take_while(|line| !line.is_empty()).find_map(|line| {
        let (_, after) = line.split_once("boundary=")?;
        Some(format!("--{}", after.trim().trim_matches('"')))
    });
    let Some(border) = border else { return vec![text] };
    let body = |part: &'_ str| -> Option<usize> {
        part.find("\r\n\r\n").map(|at| at + 4).or_else(|| part.find("\n\n").map(|at| at + 2))
    };
    text.split(border.as_str()).skip(1).filter_map(|part| Some(&part[body(part)?..])).collect()
}

/// Entries of the later document win; maps are merged key by key.
fn merge(into: &mut Map<String, Value>, from: Map<String, Value>) {
    for (key, value) in from {
        match (into.get_mut(&key), value) {
            (Some(Value::Object(old)), Value::Object(new)) => merge(old, new),
            (_, value) => {
                into.insert(key, value);
            }
        }
    }
}

/// Pairs of every `--node-labels` flag.
fn labels(config: &Value) -> BTreeMap<String, String> {
    let flags = config.pointer("/spec/kubelet/flags").and_then(Value::as_array).into_iter().flatten();
    let lists = flags.filter_map(Value::as_str).filter_map(|flag| flag.strip_prefix("--node-labels="));
    let pairs =
        lists.flat_map(|list| list.trim_matches('"').split(',')).filter_map(|pair| pair.split_once('='));
    pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=\"//\"\n\n--//\n\
        Content-Type: text/x-shellscript; charset=\"us-ascii\"\n\n#!/bin/sh\necho hello\n--//\n\
        Content-Type: application/node.eks.aws\n\nkind: NodeConfig\nspec:\n  kubelet:\n    config:\n      maxPods: 5\n      \
        serializeImagePulls: true\n--//\nContent-Type: application/node.eks.aws\n\n# ours\n\
        apiVersion: node.eks.aws/v1alpha1\nkind: NodeConfig\nspec:\n  cluster:\n    name: prod\n    \
        apiServerEndpoint: https://example\n  kubelet:\n    config:\n      maxPods: 29\n    flags:\n    - \
        --node-labels=\"a.b/c=d,e=\"\n--//--\n";

    #[test]
    fn later_documents_win_and_scripts_are_passed_over() {
        let config = NodeConfig::from_user_data(&STANDARD.encode(TEXT)).unwrap();
        assert_eq!((config.cluster.as_str(), config.endpoint.as_str()), ("prod", "https://example"));
        assert_eq!(config.kubelet_number("maxPods"), Some(29));
        assert_eq!(config.kubelet.get("serializeImagePulls"), Some(&Value::Bool(true)));
        let labels = [("a.b/c", "d"), ("e", "")].map(|(key, value)| (key.to_owned(), value.to_owned()));
        assert_eq!(config.labels, BTreeMap::from(labels));
    }

    #[test]
    fn user_data_without_a_cluster_is_refused() {
        let refusal = NodeConfig::from_user_data(&STANDARD.encode("#!/bin/sh\necho hello\n"));
        assert_eq!(refusal, Err("user data holds no NodeConfig with a cluster".to_owned()));
    }
}
