//! Tests of the custom resources. Each file holds the claims about one question.

mod conditions;
mod generated;
mod hash;
mod round_trip;
mod texts;
mod validation;

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::crd::ResourceKind;

/// An object of this kind with every field of its schema.
fn full_sample(kind: ResourceKind) -> Value {
    let text = match kind {
        ResourceKind::EC2NodeClass => include_str!("samples/ec2nodeclass.yaml"),
        ResourceKind::NodeClaim => include_str!("samples/nodeclaim.yaml"),
        ResourceKind::NodeOverlay => include_str!("samples/nodeoverlay.yaml"),
        ResourceKind::NodePool => include_str!("samples/nodepool.yaml"),
    };
    yaml(text)
}

fn yaml(text: &str) -> Value {
    serde_saphyr::from_str(text).unwrap()
}

fn typed<T: DeserializeOwned>(text: &str) -> T {
    serde_json::from_value(yaml(text)).unwrap()
}
