//! Which clusters are served, and how is each reached?

use std::collections::BTreeMap;
use std::path::PathBuf;

use joiner_aws::ClusterRole;
use joiner_ports::ClusterName;
use serde::Deserialize;

use super::value::{EventSource, Wrong, event_source};

/// One cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClusterConfig {
    /// Its name.
    pub name: ClusterName,
    /// Its region, where it is not that of the functions.
    pub region: Option<String>,
    /// The role to act as, where it is in another account.
    pub role: Option<ClusterRole>,
    /// A file that says how its API server is reached, instead of EKS: for runs on a desk.
    pub kubeconfig: Option<PathBuf>,
    /// How its events are noticed; `None` as the deployment says.
    pub source: Option<EventSource>,
}

/// As written in JSON.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Written {
    name: String,
    region: Option<String>,
    role_arn: Option<String>,
    external_id: Option<String>,
    kubeconfig: Option<PathBuf>,
    source: Option<String>,
}

/// Reads the list: JSON, or names with commas between them.
pub(super) fn clusters(text: &str) -> Result<BTreeMap<ClusterName, ClusterConfig>, Wrong> {
    let listed = if text.trim_start().starts_with('[') { from_json(text)? } else { from_names(text) };
    let mut clusters = BTreeMap::new();
    for written in listed {
        let cluster = checked(written)?;
        if let Some(twice) = clusters.insert(cluster.name.clone(), cluster) {
            return Err(Wrong::new(format!("names {} twice", twice.name), "name each cluster once"));
        }
    }
    if clusters.is_empty() {
        return Err(Wrong::new("names no cluster", "name at least one EKS cluster"));
    }
    Ok(clusters)
}

fn from_json(text: &str) -> Result<Vec<Written>, Wrong> {
    serde_json::from_str(text).map_err(|error| {
        Wrong::new(
            format!("cannot be read: {error}"),
            r#"write such as [{"name": "prod", "region": "eu-west-1"}]"#,
        )
    })
}

fn from_names(text: &str) -> Vec<Written> {
    let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
    let written = parts.map(|part| {
        let (name, role) = part.split_once('=').map_or((part, None), |(name, role)| (name, Some(role)));
        Written {
            name: name.to_owned(),
            region: None,
            role_arn: role.map(str::to_owned),
            external_id: None,
            kubeconfig: None,
            source: None,
        }
    });
    written.collect()
}

fn checked(written: Written) -> Result<ClusterConfig, Wrong> {
    let name = ClusterName::new(&written.name).map_err(|error| {
        Wrong::new(format!("has a name that cannot be one: {error}"), "use letters, digits, - and _")
    })?;
    let role = match (written.role_arn, written.external_id) {
        (Some(arn), _) if !(arn.starts_with("arn:") && arn.contains(":role/")) => {
            let what = format!("gives {name} the role {arn:?}, which is no ARN of a role");
            return Err(Wrong::new(what, "write such as arn:aws:iam::123456789012:role/joiner"));
        }
        (Some(arn), external_id) => Some(ClusterRole { arn, external_id }),
        (None, Some(_)) => {
            return Err(Wrong::new(
                format!("gives {name} an externalId without a roleArn"),
                "write both or none",
            ));
        }
        (None, None) => None,
    };
    let source = written.source.as_deref().map(event_source).transpose();
    let source = source
        .map_err(|wrong| Wrong::new(format!("gives {name} a source that {}", wrong.what), wrong.remedy))?;
    Ok(ClusterConfig { name, region: written.region, role, kubeconfig: written.kubeconfig, source })
}

impl ClusterConfig {
    /// The account of its role: announcements of other accounts are not about it. `None` where it is our own.
    pub fn account(&self) -> Option<&str> {
        self.role.as_ref()?.arn.split(':').nth(4)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(name: &str) -> ClusterConfig {
        let name = ClusterName::new(name).unwrap();
        ClusterConfig { name, region: None, role: None, kubeconfig: None, source: None }
    }

    #[test]
    fn names_are_enough_and_roles_may_follow_them() {
        let read = clusters("prod, other=arn:aws:iam::210987654321:role/joiner").unwrap();
        let role = ClusterRole { arn: "arn:aws:iam::210987654321:role/joiner".to_owned(), external_id: None };
        let other = ClusterConfig { role: Some(role), ..plain("other") };
        assert_eq!(other.account(), Some("210987654321"));
        assert_eq!(read.into_values().collect::<Vec<_>>(), [other, plain("prod")]);
    }

    #[test]
    fn json_says_all_there_is() {
        let text = r#"[{"name": "prod", "region": "eu-west-1", "roleArn": "arn:aws:iam::1:role/a", "externalId": "x",
            "kubeconfig": "a/b", "source": "audit"}]"#;
        let role = ClusterRole { arn: "arn:aws:iam::1:role/a".to_owned(), external_id: Some("x".to_owned()) };
        let prod = ClusterConfig {
            region: Some("eu-west-1".to_owned()),
            role: Some(role),
            kubeconfig: Some("a/b".into()),
            source: Some(EventSource::Audit),
            ..plain("prod")
        };
        assert_eq!(clusters(text).unwrap().into_values().collect::<Vec<_>>(), [prod]);
    }

    #[test]
    fn lists_that_cannot_be_meant_are_refused_with_the_reason() {
        for (text, what) in [
            (",", "names no cluster"),
            ("prod,prod", "names prod twice"),
            ("a b", "has a name that cannot be one: \"a b\" is not the name of an EKS cluster"),
            ("a=role", "gives a the role \"role\", which is no ARN of a role"),
            (r#"[{"name": "a", "externalId": "x"}]"#, "gives a an externalId without a roleArn"),
            (r#"[{"name": "a", "source": "ears"}]"#, "gives a a source that is not known"),
            (
                r#"[{"name": "a", "role": "x"}]"#,
                "cannot be read: unknown field `role`, expected one of `name`, `region`, `roleArn`, `externalId`, \
                 `kubeconfig`, `source` at line 1 column 21",
            ),
        ] {
            assert_eq!(clusters(text).unwrap_err().what, what);
        }
    }
}
