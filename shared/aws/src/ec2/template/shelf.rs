//! Which launch templates are there, which are to be made, and which can go?
//!
//! A template that was seen once is taken to be there; should it be gone, the fleet request says so, and it is made
//! again. No process lives long enough to see that a template is not used any more, so the oldest of a class go
//! when a new one is made and there are many.

use std::collections::BTreeSet;

use aws_sdk_ec2::types::{Filter, LaunchTemplate, ResourceType};
use joiner_core::model::keys;
use joiner_ports::ClusterName;
use tokio::sync::Mutex;

use super::Template;
use crate::ec2::failure::Ec2Failure;
use crate::ec2::tags::{self, CLUSTER_TAG};

/// Most templates a class keeps: more than its images, capacity types and kinds of types make together.
const KEPT_PER_CLASS: usize = 100;

/// The templates this process knows of.
#[derive(Debug, Default)]
pub(in crate::ec2) struct Shelf {
    /// Held over the making of a template, so that launches of one plan make each once.
    known: Mutex<BTreeSet<String>>,
}

impl Shelf {
    /// Sees that a template is there; says whether it was made now.
    pub(in crate::ec2) async fn ensure(
        &self,
        client: &aws_sdk_ec2::Client,
        template: &Template,
    ) -> Result<bool, Ec2Failure> {
        let mut known = self.known.lock().await;
        if known.contains(&template.name) {
            return Ok(false);
        }
        let created = client
            .create_launch_template()
            .launch_template_name(&template.name)
            .launch_template_data(template.data.clone())
            .tag_specifications(tags::specification(ResourceType::LaunchTemplate, &template.tags))
            .send()
            .await
            .map_err(Ec2Failure::of);
        let made = match created {
            Ok(_) => true,
            Err(failure) if failure.is_template_there() => false,
            Err(failure) => return Err(failure),
        };
        known.insert(template.name.clone());
        Ok(made)
    }

    /// Forgets templates that turned out to be gone.
    pub(in crate::ec2) async fn forget<'a>(&self, templates: impl IntoIterator<Item = &'a Template>) {
        let mut known = self.known.lock().await;
        for template in templates {
            known.remove(&template.name);
        }
    }

    /// Deletes the oldest templates of a class, beyond those it may keep.
    pub(in crate::ec2) async fn thin_out(
        &self,
        client: &aws_sdk_ec2::Client,
        cluster: &ClusterName,
        class: &str,
    ) -> Result<(), Ec2Failure> {
        let mut templates = of_class(client, cluster, class).await?;
        let surplus = templates.len().saturating_sub(KEPT_PER_CLASS);
        templates.sort_by_key(|template| template.create_time().map(|time| time.as_nanos()));
        templates.truncate(surplus);
        self.delete(client, &templates).await
    }

    /// Deletes every template of a class.
    // behaviour: launch/templates-go-with-their-class
    pub(in crate::ec2) async fn clear(
        &self,
        client: &aws_sdk_ec2::Client,
        cluster: &ClusterName,
        class: &str,
    ) -> Result<(), Ec2Failure> {
        let templates = of_class(client, cluster, class).await?;
        self.delete(client, &templates).await
    }

    async fn delete(
        &self,
        client: &aws_sdk_ec2::Client,
        templates: &[LaunchTemplate],
    ) -> Result<(), Ec2Failure> {
        for template in templates {
            let Some(name) = template.launch_template_name() else { continue };
            self.known.lock().await.remove(name);
            match client
                .delete_launch_template()
                .launch_template_name(name)
                .send()
                .await
                .map_err(Ec2Failure::of)
            {
                Err(failure) if !failure.is_no_template() => return Err(failure),
                _ => {}
            }
        }
        Ok(())
    }
}

/// The templates of a class, by their tags.
async fn of_class(
    client: &aws_sdk_ec2::Client,
    cluster: &ClusterName,
    class: &str,
) -> Result<Vec<LaunchTemplate>, Ec2Failure> {
    let tagged = |key: &str, value: &str| Filter::builder().name(format!("tag:{key}")).values(value).build();
    let mut pages = client
        .describe_launch_templates()
        .filters(tagged(CLUSTER_TAG, cluster.as_str()))
        .filters(tagged(keys::NODE_CLASS, class))
        .max_results(200)
        .into_paginator()
        .send();
    let mut templates = Vec::new();
    while let Some(page) = pages.next().await {
        templates.extend(page.map_err(Ec2Failure::of)?.launch_templates.unwrap_or_default());
    }
    Ok(templates)
}
