//! Are there images for an alias, without a class that names it? The check-up asks before anything is launched.

use std::collections::BTreeMap;

use joiner_ports::CloudError;

use super::{Asked, ClassMemory, alias, parameter};
use crate::expiring::read_clock;
use crate::{Clients, ClusterFacts};

/// Image ids of an alias, by the parameter that publishes them; the text says why an alias stands for none.
///
/// # Errors
/// The parameter store refuses or does not answer.
pub async fn published_images(
    clients: &Clients,
    facts: &ClusterFacts,
    alias: &str,
) -> Result<Result<BTreeMap<String, String>, String>, CloudError> {
    let published = match alias::published(alias, &facts.version) {
        Ok(published) => published,
        Err(why) => return Ok(Err(why)),
    };
    let memory = ClassMemory::new();
    let asked = Asked { clients, facts, memory: &memory, now: read_clock() };
    let names: Vec<&str> = published.images.iter().map(|image| image.parameter.as_str()).collect();
    let ids = parameter::read(&asked, &memory.published, &names).await?;
    if ids.is_empty() {
        return Ok(Err(format!("none of the parameters of {alias} exist: {}", names.join(", "))));
    }
    Ok(Ok(ids))
}
