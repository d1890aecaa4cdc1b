//! Which image ids do parameters of the parameter store hold (aws 3.1, 3.2)?

use std::collections::BTreeMap;

use aws_sdk_ssm::operation::get_parameter::GetParameterError;
use joiner_ports::CloudError;

use super::Asked;
use crate::ec2::failure::Ec2Failure;
use crate::expiring::Expiring;

/// Image ids by name of the parameter. Parameters that do not exist, and those that hold no image id, are left
/// out; any other failure is one, so that an outage never looks like an image that was withdrawn.
pub(super) async fn read(
    asked: &Asked<'_>,
    memory: &Expiring<String, String>,
    names: &[&str],
) -> Result<BTreeMap<String, String>, CloudError> {
    let each = names.iter().map(|name| one(asked, memory, name));
    let ids = futures::future::try_join_all(each).await?;
    let found = names.iter().zip(ids).filter_map(|(name, id)| Some(((*name).to_owned(), id?)));
    Ok(found.collect())
}

async fn one(
    asked: &Asked<'_>,
    memory: &Expiring<String, String>,
    name: &str,
) -> Result<Option<String>, CloudError> {
    let question = name.to_owned();
    if let Some(id) = memory.get(&question, asked.now) {
        return Ok(Some(id));
    }
    let answer = match asked.clients.ssm().get_parameter().name(name).send().await {
        Ok(answer) => answer,
        // behaviour: class/only-a-parameter-that-is-not-there-is-left-out
        Err(error) if error.as_service_error().is_some_and(GetParameterError::is_parameter_not_found) => {
            tracing::info!(parameter = name, "there is no such parameter");
            return Ok(None);
        }
        Err(error) => return Err(Ec2Failure::of(error).into()),
    };
    let value = answer.parameter().and_then(|parameter| parameter.value()).unwrap_or_default();
    if !value.starts_with("ami-") {
        tracing::warn!(parameter = name, value, "the parameter does not hold an image id");
        return Ok(None);
    }
    memory.put(question, value.to_owned(), asked.now);
    Ok(Some(value.to_owned()))
}
