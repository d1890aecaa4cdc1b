//! Which images do the terms of a class select, and which machines is each for (aws 3)?

use std::collections::BTreeMap;

use aws_sdk_ec2::types::{Filter, Image};
use jiff::Timestamp;
use joiner_api::crd::ec2nodeclass::{AmiRequirement, AmiSelectorTerm, AmiStatus};
use joiner_core::model::keys;
use joiner_ports::{ClassRefusal, CloudError};

use super::alias::{self, exactly};
use super::{Asked, parameter, selector};
use crate::ec2::failure::Ec2Failure;

/// Largest page EC2 gives.
const IMAGES_PER_PAGE: i32 = 1000;
/// Whose images a name may mean when the term does not say.
const OWNERS: [&str; 2] = ["self", "amazon"];

/// An image as EC2 describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FoundImage {
    pub(super) id: String,
    pub(super) name: String,
    /// Architecture in the words of Kubernetes.
    pub(super) architecture: &'static str,
    pub(super) created_at: Timestamp,
    pub(super) deprecated_at: Option<Timestamp>,
}

impl FoundImage {
    fn is_deprecated(&self, now: Timestamp) -> bool {
        self.deprecated_at.is_some_and(|at| at <= now)
    }
}

/// Images that any term selects, newest first.
pub(super) async fn resolve(
    asked: &Asked<'_>,
    terms: &[AmiSelectorTerm],
) -> Result<Result<Vec<AmiStatus>, ClassRefusal>, CloudError> {
    let alias = terms.iter().find_map(|term| term.alias.as_deref());
    let found = match alias {
        Some(alias) => match of_alias(asked, alias).await? {
            Ok(found) => found,
            Err(message) => {
                let message = format!("spec.amiSelectorTerms: {message}");
                let refusal = ClassRefusal { condition: "AMIsReady", reason: "UnsupportedAlias", message };
                return Ok(Err(refusal));
            }
        },
        None => newest_by_use(of_terms(asked, terms).await?, asked.now),
    };
    if found.is_empty() {
        return Ok(Err(ClassRefusal {
            condition: "AMIsReady",
            reason: "AMINotFound",
            message: "spec.amiSelectorTerms select no available image of architecture x86_64 or arm64; check alias, \
                      ids, names, owners and tags"
                .to_owned(),
        }));
    }
    Ok(Ok(statuses(found, asked.now)))
}

/// An image and one use of it.
type Used = (FoundImage, Vec<AmiRequirement>);

/// The images of an alias. Those that are not published for the region are left out.
async fn of_alias(asked: &Asked<'_>, alias: &str) -> Result<Result<Vec<Used>, String>, CloudError> {
    let published = match alias::published(alias, &asked.facts.version) {
        Ok(published) => published,
        Err(message) => return Ok(Err(message)),
    };
    let names: Vec<&str> = published.images.iter().map(|image| image.parameter.as_str()).collect();
    let ids = parameter::read(asked, &asked.memory.published, &names).await?;
    let images = describe_ids(asked, ids.values().map(String::as_str)).await?;
    let mut used = Vec::new();
    for image in &published.images {
        let Some(found) = ids.get(&image.parameter).and_then(|id| images.iter().find(|i| i.id == *id)) else {
            continue;
        };
        // behaviour: class/a-deprecated-image-of-latest-is-looked-up-again
        if published.is_mutable && found.is_deprecated(asked.now) {
            asked.memory.published.forget(|name, _| *name == image.parameter);
        }
        used.extend(image.uses.iter().map(|made_for| (found.clone(), with_architecture(found, made_for))));
    }
    Ok(Ok(used))
}

fn with_architecture(image: &FoundImage, made_for: &[AmiRequirement]) -> Vec<AmiRequirement> {
    let mut requirements = made_for.to_vec();
    requirements.push(exactly(keys::ARCH, image.architecture));
    requirements
}

/// The images of terms without an alias: what they are for is only their architecture.
async fn of_terms(asked: &Asked<'_>, terms: &[AmiSelectorTerm]) -> Result<Vec<FoundImage>, CloudError> {
    let parameters: Vec<&str> = terms.iter().filter_map(|term| term.ssm_parameter.as_deref()).collect();
    let named = parameter::read(asked, &asked.memory.parameters, &parameters).await?;
    let given = terms.iter().filter_map(|term| term.id.as_deref());
    let by_id = describe_ids(asked, given.chain(named.values().map(String::as_str)));
    let others = terms.iter().filter(|term| term.id.is_none() && term.ssm_parameter.is_none());
    let queries = others.map(|term| describe(asked, filters(term), owners(term)));
    let (by_id, by_terms) = futures::join!(by_id, futures::future::try_join_all(queries));
    let all = by_id?.into_iter().chain(by_terms?.into_iter().flatten());
    let each_once: BTreeMap<String, FoundImage> = all.map(|image| (image.id.clone(), image)).collect();
    Ok(each_once.into_values().collect())
}

fn filters(term: &AmiSelectorTerm) -> Vec<Filter> {
    let mut filters = selector::tags(&term.tags);
    filters.extend(term.name.as_deref().map(|name| selector::filter("name", [name])));
    filters
}

/// A name without an owner could be anybody's; tags are the account's own.
fn owners(term: &AmiSelectorTerm) -> Vec<String> {
    // behaviour: class/a-name-without-owner-means-ours-or-amazons
    match (&term.owner, &term.name) {
        (Some(owner), _) => vec![owner.clone()],
        (None, Some(_)) => OWNERS.map(str::to_owned).to_vec(),
        (None, None) => Vec::new(),
    }
}

async fn describe_ids<'a>(
    asked: &Asked<'_>,
    ids: impl Iterator<Item = &'a str>,
) -> Result<Vec<FoundImage>, CloudError> {
    let mut ids: Vec<&str> = ids.collect();
    ids.sort_unstable();
    ids.dedup();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    describe(asked, vec![selector::filter("image-id", ids)], Vec::new()).await
}

async fn describe(
    asked: &Asked<'_>,
    mut filters: Vec<Filter>,
    owners: Vec<String>,
) -> Result<Vec<FoundImage>, CloudError> {
    let question = format!("{filters:?} of {owners:?}");
    if let Some(found) = asked.memory.images.get(&question, asked.now) {
        return Ok(found);
    }
    filters.push(selector::filter("state", ["available"]));
    let pages = asked
        .clients
        .ec2()
        .describe_images()
        .set_filters(Some(filters))
        .set_owners((!owners.is_empty()).then_some(owners))
        .include_deprecated(true)
        .max_results(IMAGES_PER_PAGE)
        .into_paginator()
        .items()
        .send();
    let images = pages.collect::<Result<Vec<Image>, _>>().await.map_err(Ec2Failure::of)?;
    let found: Vec<FoundImage> = images.iter().filter_map(found).collect();
    asked.memory.images.put(question, found.clone(), asked.now);
    Ok(found)
}

/// The image, if it is of an architecture that nodes can have.
fn found(image: &Image) -> Option<FoundImage> {
    let architecture = match image.architecture()?.as_str() {
        "x86_64" => "amd64",
        "arm64" => "arm64",
        _ => return None,
    };
    let time = |text: &str| text.parse::<Timestamp>().ok();
    Some(FoundImage {
        id: image.image_id()?.to_owned(),
        name: image.name().unwrap_or_default().to_owned(),
        architecture,
        created_at: image.creation_date().and_then(time).unwrap_or(Timestamp::MIN),
        deprecated_at: image.deprecation_time().and_then(time),
    })
}

/// For each use the image to prefer: one that is not deprecated, then the newest, then the later name (aws 3.2).
fn newest_by_use(images: Vec<FoundImage>, now: Timestamp) -> Vec<Used> {
    let rank = |image: &FoundImage| (!image.is_deprecated(now), image.created_at, image.name.clone());
    let mut best: BTreeMap<&'static str, FoundImage> = BTreeMap::new();
    for image in images {
        let known = best.entry(image.architecture).or_insert_with(|| image.clone());
        // behaviour: class/the-newest-image-that-is-not-deprecated
        if rank(&image) > rank(known) {
            *known = image;
        }
    }
    best.into_values().map(|image| (image.clone(), with_architecture(&image, &[]))).collect()
}

/// As the status lists them: newest first, then by id; requirements of an image by length of key, then key.
fn statuses(mut used: Vec<Used>, now: Timestamp) -> Vec<AmiStatus> {
    used.sort_by(|(a, _), (b, _)| b.created_at.cmp(&a.created_at).then_with(|| a.id.cmp(&b.id)));
    let status = |(image, mut requirements): Used| {
        requirements.sort_by(|a, b| (a.key.len(), &a.key).cmp(&(b.key.len(), &b.key)));
        AmiStatus {
            deprecated: image.is_deprecated(now).then_some(true),
            id: image.id,
            name: Some(image.name),
            requirements,
        }
    };
    used.into_iter().map(status).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn image(id: &str, name: &str, created_at: i64, deprecated_at: Option<i64>) -> FoundImage {
        FoundImage {
            id: id.to_owned(),
            name: name.to_owned(),
            architecture: "amd64",
            created_at: at(created_at),
            deprecated_at: deprecated_at.map(at),
        }
    }

    /// The image that is preferred at second 100, whichever is seen first.
    fn preferred(one: &FoundImage, other: &FoundImage) -> String {
        let [forth, back] = [[one, other], [other, one]]
            .map(|images| newest_by_use(images.map(Clone::clone).to_vec(), at(100)));
        assert_eq!(forth, back);
        forth[0].0.id.clone()
    }

    // behaviour: class/the-newest-image-that-is-not-deprecated
    #[test]
    fn of_images_for_one_use_the_newest_that_is_not_deprecated_is_taken() {
        let old = image("old", "a", 10, None);
        let new = image("new", "a", 20, None);
        assert_eq!(preferred(&old, &new), "new");
        assert_eq!(preferred(&old, &image("new", "a", 20, Some(100))), "old");
        assert_eq!(preferred(&old, &image("new", "a", 20, Some(101))), "new");
        assert_eq!(preferred(&image("old", "a", 10, Some(50)), &image("new", "a", 20, Some(50))), "new");
        assert_eq!(preferred(&image("x", "a", 10, None), &image("y", "b", 10, None)), "y");
    }

    #[test]
    fn images_of_other_architectures_are_other_uses() {
        let arm = FoundImage { architecture: "arm64", ..image("arm", "a", 10, None) };
        let used = newest_by_use(vec![image("amd", "a", 20, None), arm.clone()], at(100));
        let ids: Vec<&str> = used.iter().map(|(image, _)| image.id.as_str()).collect();
        assert_eq!(ids, ["amd", "arm"]);
        assert_eq!(used[1], (arm, vec![exactly("kubernetes.io/arch", "arm64")]));
    }

    #[test]
    fn the_status_lists_the_newest_first_and_short_keys_first() {
        let requirement = |key: &str| exactly(key, "v");
        let used = vec![
            (image("b", "n1", 10, None), vec![requirement("long-key"), requirement("b"), requirement("a")]),
            (image("c", "n2", 20, Some(90)), Vec::new()),
            (image("a", "n3", 10, None), Vec::new()),
        ];
        let status = |id: &str, name: &str, deprecated, keys: &[&str]| AmiStatus {
            id: id.to_owned(),
            name: Some(name.to_owned()),
            deprecated,
            requirements: keys.iter().map(|key| requirement(key)).collect(),
        };
        let expected = [
            status("c", "n2", Some(true), &[]),
            status("a", "n3", None, &[]),
            status("b", "n1", None, &["a", "b", "long-key"]),
        ];
        assert_eq!(statuses(used, at(100)), expected);
    }

    // behaviour: class/a-name-without-owner-means-ours-or-amazons
    #[test]
    fn only_names_without_an_owner_are_limited_to_known_owners() {
        let term = |name: Option<&str>, owner: Option<&str>| AmiSelectorTerm {
            name: name.map(str::to_owned),
            owner: owner.map(str::to_owned),
            ..AmiSelectorTerm::default()
        };
        assert_eq!(owners(&term(Some("n"), None)), ["self", "amazon"]);
        assert_eq!(owners(&term(Some("n"), Some("111122223333"))), ["111122223333"]);
        assert_eq!(owners(&term(None, None)), Vec::<String>::new());
    }
}
