//! The deployment as values: template, access to Kubernetes, the files as they are written. Read once.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;
use std::sync::LazyLock;

use serde_json::Value;

use crate::tools;

/// The files that are read, from the root of the repository.
const TEMPLATE: &str = "infra/template.yaml";
const CLUSTER: &str = "infra/cluster.yaml";
const ACCESS: &str = "infra/kubernetes/access.yaml";
const KUSTOMIZATIONS: [&str; 2] = ["infra/kubernetes/kustomization.yaml", "infra/crds/kustomization.yaml"];

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).expect("the package is two folders below the root").to_path_buf()
}

/// A template as it is written.
pub(crate) struct Template(pub(crate) Value);

/// Everything that is compared.
pub(crate) struct Documents {
    /// The deployment.
    pub(crate) template: Template,
    /// The same as SAM hands it to CloudFormation.
    pub(crate) transformed: Template,
    /// A cluster of another account.
    pub(crate) cluster: Template,
    /// The objects of the access page.
    pub(crate) access: Vec<Value>,
    /// Lists of files to apply, by path.
    pub(crate) kustomizations: BTreeMap<&'static str, Value>,
}

/// The documents.
pub(crate) static DOCUMENTS: LazyLock<Documents> = LazyLock::new(|| {
    let root = root();
    let mut python = Command::new(tools::environment().join("bin/python"));
    python.arg(root.join("tests/wires/infra/as_json.py"));
    python.args([TEMPLATE, CLUSTER, ACCESS]).args(KUSTOMIZATIONS).current_dir(&root);
    let read: Value = serde_json::from_str(&tools::output(&mut python)).expect("the script prints JSON");
    let first = |path: &str| read[path]["documents"][0].clone();
    Documents {
        template: Template(first(TEMPLATE)),
        transformed: Template(read[TEMPLATE]["transformed"].clone()),
        cluster: Template(first(CLUSTER)),
        access: read[ACCESS]["documents"].as_array().expect("a list of objects").clone(),
        kustomizations: KUSTOMIZATIONS.map(|path| (path, first(path))).into(),
    }
});

impl Template {
    /// Its resources of a type with their properties, by logical id.
    pub(crate) fn of_type(&self, kind: &str) -> BTreeMap<&str, &Value> {
        self.resources()
            .filter(|(_, resource)| resource["Type"] == kind)
            .map(|(id, resource)| (id, &resource["Properties"]))
            .collect()
    }

    /// Every resource by logical id.
    pub(crate) fn resources(&self) -> impl Iterator<Item = (&str, &Value)> {
        let all = self.0["Resources"].as_object().expect("a template has resources");
        all.iter().map(|(id, resource)| (id.as_str(), resource))
    }

    /// The properties of one resource.
    pub(crate) fn properties(&self, id: &str) -> &Value {
        let found = &self.0["Resources"][id]["Properties"];
        assert!(found.is_object(), "the template has no resource {id}");
        found
    }
}

/// The logical id that a property refers to, by `Ref` or `Fn::GetAtt`.
pub(crate) fn referred(value: &Value) -> &str {
    let found = value["Ref"].as_str().or_else(|| value["Fn::GetAtt"][0].as_str());
    found.unwrap_or_else(|| panic!("{value} refers to no resource"))
}

/// A property that may be one text or a list of them.
pub(crate) fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::String(one) => vec![one],
        Value::Array(many) => many.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}
