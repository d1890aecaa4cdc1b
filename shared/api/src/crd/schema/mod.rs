//! The generated schemas, read back: defaults, unknown fields and the checks that the API server makes on shapes.
//!
//! Working on plain JSON values, it sees what typed reading would lose: fields that no type has, and every wrong
//! value at once instead of the first.

mod admission;
mod defaults;
mod unknown;

pub(super) use admission::check;
pub use defaults::fill_defaults;
pub use unknown::unknown_fields;

use std::collections::BTreeMap;
use std::sync::OnceLock;

use regex::Regex;
use serde_json::Value;

use super::generate::crds;

/// The kinds of custom resources.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ResourceKind {
    /// `karpenter.k8s.aws/v1` EC2NodeClass.
    EC2NodeClass,
    /// `karpenter.sh/v1` NodeClaim.
    NodeClaim,
    /// `karpenter.sh/v1alpha1` NodeOverlay.
    NodeOverlay,
    /// `karpenter.sh/v1` NodePool.
    NodePool,
}

impl ResourceKind {
    /// All kinds, in the order of [`crds`].
    pub const ALL: [Self; 4] = [Self::EC2NodeClass, Self::NodeClaim, Self::NodeOverlay, Self::NodePool];

    /// Name of the kind on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::EC2NodeClass => "EC2NodeClass",
            Self::NodeClaim => "NodeClaim",
            Self::NodeOverlay => "NodeOverlay",
            Self::NodePool => "NodePool",
        }
    }

    /// Group and version of the kind, such as `karpenter.sh/v1`.
    pub fn api_version(self) -> &'static str {
        match self {
            Self::EC2NodeClass => "karpenter.k8s.aws/v1",
            Self::NodeClaim | Self::NodePool => "karpenter.sh/v1",
            Self::NodeOverlay => "karpenter.sh/v1alpha1",
        }
    }

    /// The kind that a manifest declares, if it is one of ours.
    pub fn of_manifest(manifest: &Value) -> Option<Self> {
        let text = |field: &str| manifest.get(field).and_then(Value::as_str);
        let (api_version, kind) = (text("apiVersion")?, text("kind")?);
        Self::ALL.into_iter().find(|known| known.as_str() == kind && known.api_version() == api_version)
    }

    /// The schema of the kind; starts at the object itself.
    pub(super) fn schema(self) -> &'static SchemaNode {
        static SCHEMAS: OnceLock<Vec<SchemaNode>> = OnceLock::new();
        &SCHEMAS.get_or_init(read_schemas)[self as usize]
    }
}

fn read_schemas() -> Vec<SchemaNode> {
    crds()
        .iter()
        .map(|crd| {
            let schema = crd.spec.versions.first().and_then(|version| version.schema.as_ref());
            let schema = schema.and_then(|schema| schema.open_api_v3_schema.as_ref());
            SchemaNode::read(&serde_json::to_value(schema).unwrap_or_default())
        })
        .collect()
}

/// What a schema says about one value.
#[derive(Debug, Default)]
pub(super) struct SchemaNode {
    /// `object`, `array`, `string`, `integer`, `boolean`; none for numbers or text alike.
    pub(super) type_: Option<String>,
    /// Fields by name.
    pub(super) properties: BTreeMap<String, SchemaNode>,
    /// Values of a map.
    pub(super) map_values: Option<Box<SchemaNode>>,
    /// Elements of a list.
    pub(super) items: Option<Box<SchemaNode>>,
    /// Names of the fields that must be present.
    pub(super) required: Vec<String>,
    /// Value of the field when it is absent.
    pub(super) default: Option<Value>,
    /// The only texts allowed.
    pub(super) allowed: Vec<String>,
    /// What a text must match.
    pub(super) pattern: Option<Regex>,
    /// Form of a text, such as `date-time`, or width of an integer.
    pub(super) format: Option<String>,
    /// Smallest and largest integer.
    pub(super) range: (Option<i64>, Option<i64>),
    /// Smallest and largest number of characters, elements or entries.
    pub(super) size: (Option<u64>, Option<u64>),
    /// Whether an integer is as good as a text.
    pub(super) int_or_string: bool,
    /// Whether fields that the schema does not know are kept.
    pub(super) keeps_unknown: bool,
    /// Whether no element may occur twice.
    pub(super) is_set: bool,
    /// Fields that tell elements of a list apart.
    pub(super) list_keys: Vec<String>,
}

impl SchemaNode {
    fn read(schema: &Value) -> Self {
        let text = |key: &str| schema.get(key).and_then(Value::as_str).map(str::to_owned);
        let flag = |key: &str| schema.get(key).and_then(Value::as_bool).unwrap_or(false);
        let texts = |key: &str| -> Vec<String> {
            let list = schema.get(key).and_then(Value::as_array).into_iter().flatten();
            list.filter_map(Value::as_str).map(str::to_owned).collect()
        };
        let child = |key: &str| {
            schema.get(key).filter(|child| child.is_object()).map(|child| Box::new(Self::read(child)))
        };
        let fields = schema.get("properties").and_then(Value::as_object).into_iter().flatten();
        Self {
            type_: text("type"),
            properties: fields.map(|(name, field)| (name.clone(), Self::read(field))).collect(),
            map_values: child("additionalProperties"),
            items: child("items"),
            required: texts("required"),
            default: schema.get("default").cloned(),
            allowed: texts("enum"),
            pattern: text("pattern").and_then(|pattern| Regex::new(&pattern).ok()),
            format: text("format"),
            range: (integer(schema, &["minimum"]), integer(schema, &["maximum"])),
            size: (
                size(schema, &["minLength", "minItems", "minProperties"]),
                size(schema, &["maxLength", "maxItems", "maxProperties"]),
            ),
            int_or_string: flag("x-kubernetes-int-or-string"),
            keeps_unknown: flag("x-kubernetes-preserve-unknown-fields"),
            is_set: text("x-kubernetes-list-type").is_some_and(|list_type| list_type == "set"),
            list_keys: texts("x-kubernetes-list-map-keys"),
        }
    }

    fn takes_integers(&self) -> bool {
        self.int_or_string || self.type_.as_deref() == Some("integer")
    }

    /// The schema of one field of an object or one entry of a map.
    fn field(&self, name: &str) -> Option<&Self> {
        self.properties.get(name).or(self.map_values.as_deref())
    }
}

fn integer(schema: &Value, keys: &[&str]) -> Option<i64> {
    let number = keys.iter().find_map(|key| schema.get(key))?;
    // Bounds are floating point numbers in the API; every one of ours is a whole number.
    number.as_i64().or_else(|| number.as_f64().map(|float| float as i64))
}

fn size(schema: &Value, keys: &[&str]) -> Option<u64> {
    integer(schema, keys).and_then(|number| u64::try_from(number).ok())
}

/// Path of a field below another; keys that are no plain names stand in brackets.
pub(in crate::crd) fn field_path(parent: &str, name: &str) -> String {
    let is_plain =
        name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_' || letter == '-');
    match (parent.is_empty(), is_plain && !name.is_empty()) {
        (true, true) => name.to_owned(),
        (false, true) => format!("{parent}.{name}"),
        (_, false) => format!("{parent}[\"{name}\"]"),
    }
}

fn element_path(parent: &str, index: usize) -> String {
    format!("{parent}[{index}]")
}
