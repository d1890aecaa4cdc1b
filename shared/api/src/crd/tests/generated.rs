//! The generated CRDs: equal to the committed copies, structural, and with the details that `kubectl` shows.

use std::path::PathBuf;

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use regex::Regex;
use serde_json::{Value, json};

use super::yaml;
use crate::crd::{crd_yaml, crds, crds_yaml, patterns};

/// Set this variable to write the copies anew instead of comparing them.
const UPDATE: &str = "JOINER_UPDATE_CRDS";

#[test]
fn committed_copies_equal_what_is_generated() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../infra/crds");
    for crd in crds() {
        let name = crd.metadata.name.clone().unwrap();
        let path = folder.join(format!("{name}.yaml"));
        let generated = crd_yaml(&crd).unwrap();
        if std::env::var_os(UPDATE).is_some() {
            std::fs::write(&path, &generated).unwrap();
        }
        let committed = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(committed == generated, "infra/crds/{name}.yaml is stale; run the tests with {UPDATE}=1");
    }
}

#[test]
fn yaml_holds_the_same_definitions() {
    let text = crds_yaml().unwrap();
    let documents: Vec<&str> = text.split("---\n").filter(|document| !document.is_empty()).collect();
    let read = |text: &&str| serde_json::from_value::<CustomResourceDefinition>(yaml(text)).unwrap();
    assert_eq!(documents.iter().map(read).collect::<Vec<_>>(), crds());
}

/// Every node of a schema, with its path.
fn nodes<'a>(schema: &'a Value, path: &str, found: &mut Vec<(String, &'a Value)>) {
    found.push((path.to_owned(), schema));
    for (name, field) in schema["properties"].as_object().into_iter().flatten() {
        nodes(field, &format!("{path}.{name}"), found);
    }
    for key in ["items", "additionalProperties"] {
        if schema[key].is_object() {
            nodes(&schema[key], &format!("{path}.{key}"), found);
        }
    }
}

/// Runs a check on every node of every schema.
fn for_every_node(check: impl Fn(&str, &Value)) {
    for crd in crds() {
        let schema =
            serde_json::to_value(&crd.spec.versions[0].schema.as_ref().unwrap().open_api_v3_schema).unwrap();
        let mut found = Vec::new();
        nodes(&schema, &crd.spec.names.kind, &mut found);
        found.iter().for_each(|(path, node)| check(path, node));
    }
}

#[test]
fn schemas_are_structural() {
    for_every_node(|path, node| {
        let is_int_or_string = node["x-kubernetes-int-or-string"] == json!(true);
        assert!(node["type"].is_string() || is_int_or_string, "{path} has no type");
        for key in ["$ref", "oneOf", "allOf", "not", "nullable", "uniqueItems", "definitions"] {
            assert!(node.get(key).is_none(), "{path} has {key}");
        }
        assert!(node.get("anyOf").is_none() || is_int_or_string, "{path} has anyOf");
        assert!(node["type"] != "array" || node["items"].is_object(), "{path} has no items");
        assert!(
            !(node["properties"].is_object() && node["additionalProperties"].is_object()),
            "{path} is map and object"
        );
        let is_element = [".items", ".additionalProperties"].iter().any(|end| path.ends_with(end));
        assert!(
            is_element || node["description"].is_string() || !path.contains('.'),
            "{path} has no description"
        );
    });
}

#[test]
fn required_fields_and_list_keys_exist() {
    for_every_node(|path, node| {
        for name in node["required"].as_array().into_iter().flatten() {
            let field = &node["properties"][name.as_str().unwrap()];
            assert!(field.is_object(), "{path} has no field {name}");
            assert!(field.get("default").is_none(), "{path}.{name} is required and has a default");
        }
        for key in node["x-kubernetes-list-map-keys"].as_array().into_iter().flatten() {
            assert!(
                node["items"]["required"].as_array().unwrap().contains(key),
                "{path}: key {key} is optional"
            );
        }
    });
}

#[test]
fn every_pattern_of_a_schema_is_described() {
    for_every_node(|path, node| {
        if let Some(pattern) = node["pattern"].as_str() {
            assert!(patterns::describe(pattern).is_some(), "{path}: {pattern}");
        }
    });
}

/// Fields that a rule reads from `self` (an object, or the elements of a list) exist in the schema.
#[test]
fn rules_are_well_formed_and_name_fields_that_exist() {
    let field = Regex::new(r"\b(self|oldSelf|x|y)\.([a-zA-Z]+)\b(\(?)").unwrap();
    let texts = Regex::new(r"'[^']*'").unwrap();
    for_every_node(|path, node| {
        for rule in node["x-kubernetes-validations"].as_array().into_iter().flatten() {
            let text = rule["rule"].as_str().unwrap();
            let code = texts.replace_all(text, "''");
            let count = |letter: char| code.matches(letter).count();
            assert!(
                count('(') == count(')') && count('[') == count(']') && count('\'') % 2 == 0,
                "{path}: {text}"
            );
            assert!(!rule["message"].as_str().unwrap().contains('\n'), "{path}: {text}");
            for found in field.captures_iter(&code).filter(|found| found[3].is_empty()) {
                let is_known = |node: &Value| node["properties"].get(&found[2]).is_some();
                let owner = node["properties"].get("amiSelectorTerms").filter(|_| &found[1] == "x");
                let known = is_known(node)
                    || is_known(&node["items"])
                    || owner.is_some_and(|list| is_known(&list["items"]));
                assert!(known, "{path}: {} in {text}", &found[0]);
            }
        }
    });
}

/// Lists and maps that a rule walks are bounded, as the API server refuses rules whose cost has no bound.
#[test]
fn lists_walked_by_rules_are_bounded() {
    for_every_node(|path, node| {
        let rules = node["x-kubernetes-validations"].as_array().into_iter().flatten();
        let walks = rules.filter(|rule| rule["rule"].as_str().unwrap().contains("self.all(x,")).count();
        let is_bounded = node.get("maxItems").is_some() || node.get("maxProperties").is_some();
        assert!(walks == 0 || is_bounded, "{path}");
    });
}

/// `Name (type) path`, with `*` for the columns of `-o wide`.
fn columns(crd: &CustomResourceDefinition) -> Vec<String> {
    let columns = crd.spec.versions[0].additional_printer_columns.as_ref().unwrap();
    columns.iter().map(|it| format!("{}{}", it.name, if it.priority == Some(1) { "*" } else { "" })).collect()
}

#[test]
fn names_columns_and_subresources_are_those_of_the_reference() {
    let [class, claim, overlay, pool] = &crds()[..] else { panic!("four kinds") };
    let short = |crd: &CustomResourceDefinition| crd.spec.names.short_names.clone().unwrap_or_default();
    assert_eq!(short(class), ["ec2nc", "ec2ncs"]);
    assert_eq!(short(claim), Vec::<String>::new());
    assert_eq!(short(overlay), ["overlays"]);
    assert_eq!(short(pool), Vec::<String>::new());
    assert_eq!(columns(class), ["Ready", "Age", "Role*"]);
    let of_claim = [
        "Type",
        "Capacity",
        "Zone",
        "Node",
        "Ready",
        "Age",
        "ImageID*",
        "ID*",
        "NodePool*",
        "NodeClass*",
        "Drifted*",
    ];
    assert_eq!(columns(claim), of_claim);
    assert_eq!(columns(overlay), ["Ready", "Age", "Weight*"]);
    assert_eq!(columns(pool), ["NodeClass", "Nodes", "Ready", "Age", "Weight*", "CPU*", "Memory*"]);
    for crd in [class, claim, overlay, pool] {
        assert_eq!(crd.spec.scope, "Cluster");
        assert_eq!(crd.spec.names.categories, Some(vec!["karpenter".to_owned()]));
        let subresources = crd.spec.versions[0].subresources.as_ref().unwrap();
        assert!(subresources.status.is_some());
        assert_eq!(subresources.scale.is_some(), crd.spec.names.kind == "NodePool");
    }
    let scale = pool.spec.versions[0].subresources.as_ref().unwrap().scale.as_ref().unwrap();
    assert_eq!(
        (scale.spec_replicas_path.as_str(), scale.status_replicas_path.as_str()),
        (".spec.replicas", ".status.nodes")
    );
    assert_eq!(scale.label_selector_path, None);
}
