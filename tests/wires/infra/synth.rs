//! Does the CDK app deploy the template, and nothing else?

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::LazyLock;

use joiner_ports::Duty;
use joiner_wires::{RunFolder, cache};
use serde_json::Value;

use crate::documents::{DOCUMENTS, root};
use crate::tools::{copy, output};

const LOCK: &str = include_str!("../../../infra/cdk/package-lock.json");

/// The packages of the app, as the lock file pins them. The first call on a machine installs them.
fn packages() -> PathBuf {
    let made = cache::folder("cdk", &[LOCK], |folder| {
        for name in ["package.json", "package-lock.json"] {
            copy(&root().join("infra/cdk").join(name), &folder.join(name));
        }
        let mut npm = Command::new("npm");
        npm.args(["ci", "--no-audit", "--no-fund", "--silent"]).current_dir(folder);
        cache::run(&mut npm, "the CDK app needs Node.js 20 or later with npm")
    });
    made.unwrap_or_else(|fault| panic!("{fault}")).join("node_modules")
}

/// The app, copied to where it may leave files, with functions that are not really built.
fn app() -> RunFolder {
    let folder = RunFolder::new("cdk").unwrap_or_else(|fault| panic!("{fault}"));
    for name in ["infra/template.yaml", "infra/cdk"] {
        copy(&root().join(name), &folder.path().join(name));
    }
    for duty in Duty::ALL {
        let built = folder.path().join("target/lambda").join(format!("joiner-{}", duty.as_str()));
        fs::create_dir_all(&built).expect("the folder of the run can be written");
        fs::write(built.join("bootstrap"), duty.as_str()).expect("the folder of the run can be written");
    }
    let link = folder.path().join("infra/cdk/node_modules");
    std::os::unix::fs::symlink(packages(), link).expect("the folder of the run can be written");
    folder
}

static SYNTHESIZED: LazyLock<Value> = LazyLock::new(|| {
    let folder = app();
    let mut cdk = Command::new("node_modules/.bin/cdk");
    cdk.args(["synth", "--quiet", "--context", "clusterNames=prod,staging"]);
    cdk.args(["--context", "nodeRoleNames=KarpenterNodeRole-prod"])
        .current_dir(folder.path().join("infra/cdk"));
    output(&mut cdk);
    let written = folder.path().join("infra/cdk/cdk.out/joiner.template.json");
    let text = fs::read_to_string(&written).expect("the app writes a template");
    serde_json::from_str(&text).expect("the app writes JSON")
});

/// One way of writing where CloudFormation has two.
fn plain(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let mut fields: serde_json::Map<String, Value> =
                fields.iter().map(|(key, field)| (key.clone(), plain(field))).collect();
            if let Some(Value::String(text)) = fields.get("Fn::GetAtt") {
                let parts: Vec<&str> = text.splitn(2, '.').collect();
                fields.insert("Fn::GetAtt".to_owned(), parts.into());
            }
            if let Some(Value::String(one)) = fields.get("DependsOn") {
                fields.insert("DependsOn".to_owned(), vec![one.clone()].into());
            }
            Value::Object(fields)
        }
        Value::Array(items) => items.iter().map(plain).collect(),
        other => other.clone(),
    }
}

#[test]
fn the_app_deploys_the_resources_of_the_template_and_only_the_code_is_its_own() {
    let mut synthesized = plain(&SYNTHESIZED["Resources"]);
    for (name, resource) in synthesized.as_object_mut().expect("resources") {
        if resource["Type"] == "AWS::Serverless::Function" {
            let code =
                resource["Properties"].as_object_mut().and_then(|properties| properties.remove("CodeUri"));
            let key = code.as_ref().and_then(|code| code["Key"].as_str());
            assert!(key.is_some_and(|key| key.ends_with(".zip")), "{name} has no code: {code:?}");
        }
    }
    assert_eq!(synthesized, plain(&DOCUMENTS.template.0["Resources"]));
}

#[test]
fn the_app_keeps_all_other_parts_of_the_template() {
    for part in ["Transform", "Globals", "Conditions", "Outputs"] {
        assert_eq!(plain(&SYNTHESIZED[part]), plain(&DOCUMENTS.template.0[part]), "{part}");
    }
}

#[test]
fn properties_of_the_app_become_defaults_of_parameters() {
    let mut wanted = DOCUMENTS.template.0["Parameters"].clone();
    wanted["ClusterNames"]["Default"] = "prod,staging".into();
    wanted["NodeRoleNames"]["Default"] = "KarpenterNodeRole-prod".into();
    let mut parameters = SYNTHESIZED["Parameters"].clone();
    parameters.as_object_mut().expect("parameters").remove("BootstrapVersion");
    assert_eq!(parameters, wanted);
}

/// Every parameter can be set from the app.
#[test]
fn the_app_has_a_property_for_every_parameter() {
    let source = fs::read_to_string(root().join("infra/cdk/lib/joiner.ts")).expect("the app's source");
    for parameter in DOCUMENTS.template.0["Parameters"].as_object().expect("parameters").keys() {
        let property = format!("readonly {}{}", parameter[..1].to_lowercase(), &parameter[1..]);
        assert!(source.contains(&property), "no property for {parameter}");
    }
}
