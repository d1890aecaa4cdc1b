//! Looking at dead letters and sending them again.

use std::sync::Arc;

use joiner_aws::Clients;
use joiner_aws::checkup::stack;
use joiner_aws::queue::dead_letters::DeadLetters;
use joiner_ports::{ClusterName, Duty};
use serde_json::Value;

use super::letter::Letter;
use super::{ReplayDeed, ReplayPlace};
use crate::args::OutputForm;
use crate::fault::Fault;
use crate::{output, reach};

/// Letters looked at per queue.
const MOST: usize = 1_000;

/// The letters of one function.
struct DeadBox {
    duty: Duty,
    letters: DeadLetters,
}

pub(super) async fn work(deed: &ReplayDeed) -> Result<String, Fault> {
    match deed {
        ReplayDeed::List { place, output } => list(place, *output).await,
        ReplayDeed::Show { id, place } => show(id, place).await,
        ReplayDeed::Send { id: Some(id), place, .. } => send(id, place).await,
        ReplayDeed::Send { id: None, place, .. } => send_all(place).await,
    }
}

async fn list(place: &ReplayPlace, form: OutputForm) -> Result<String, Fault> {
    let letters = letters(place).await?;
    Ok(match form {
        OutputForm::Json => output::json(&Value::Array(letters.iter().map(Letter::as_json).collect())),
        OutputForm::Text if letters.is_empty() => "There are no dead letters.\n".to_owned(),
        OutputForm::Text => letters.iter().map(Letter::in_short).collect(),
    })
}

async fn show(id: &str, place: &ReplayPlace) -> Result<String, Fault> {
    let found = letters(place).await?.into_iter().find(|letter| letter.id == id);
    found.map(|letter| letter.in_full()).ok_or_else(|| absent(id))
}

async fn send(id: &str, place: &ReplayPlace) -> Result<String, Fault> {
    for dead in boxes(place).await? {
        if dead.letters.redrive_one(id).await.map_err(|error| unreachable_queue(&error))? {
            return Ok(format!("sent to {}\n", dead.duty.as_str()));
        }
    }
    Err(absent(id))
}

async fn send_all(place: &ReplayPlace) -> Result<String, Fault> {
    let mut said = String::new();
    for dead in boxes(place).await? {
        let sent = dead.letters.redrive(MOST).await.map_err(|error| unreachable_queue(&error))?;
        if sent > 0 {
            said += &format!("{sent} sent to {}\n", dead.duty.as_str());
        }
    }
    Ok(if said.is_empty() { "There are no dead letters.\n".to_owned() } else { said })
}

async fn letters(place: &ReplayPlace) -> Result<Vec<Letter>, Fault> {
    let served: Vec<ClusterName> =
        place.clusters.iter().map(|name| reach::cluster(name)).collect::<Result<_, _>>()?;
    let mut letters = Vec::new();
    for dead in boxes(place).await? {
        let found = dead.letters.peek(MOST).await.map_err(|error| unreachable_queue(&error))?;
        letters.extend(found.into_iter().map(|letter| Letter::read(dead.duty, letter, &served)));
    }
    Ok(letters)
}

/// The queues of dead letters of the functions that are asked for.
async fn boxes(place: &ReplayPlace) -> Result<Vec<DeadBox>, Fault> {
    let clients = reach::clients(&place.aws).await?;
    let mut boxes = Vec::new();
    for duty in duties(place.function.as_deref())? {
        let name = format!("{}-{}", place.stack, duty.as_str());
        let source = url(&clients, &name).await?;
        let dead = url(&clients, &format!("{name}-dead-letters")).await?;
        boxes.push(DeadBox { duty, letters: DeadLetters::new(Arc::clone(&clients), &dead, &source) });
    }
    Ok(boxes)
}

fn duties(function: Option<&str>) -> Result<Vec<Duty>, Fault> {
    let Some(name) = function else { return Ok(Duty::ALL.to_vec()) };
    let found: Vec<Duty> = Duty::ALL.into_iter().filter(|duty| duty.as_str() == name).collect();
    if found.is_empty() {
        let all = Duty::ALL.map(Duty::as_str).join(", ");
        return Err(Fault::bad_input(format!("there is no function {name}"), format!("name one of {all}")));
    }
    Ok(found)
}

async fn url(clients: &Clients, name: &str) -> Result<String, Fault> {
    let remedy = "name the stack with --stack, and its region with --region";
    match stack::queue(clients, name).await {
        Ok(Some(queue)) => Ok(queue.url),
        Ok(None) => Err(Fault::bad_input(format!("there is no queue {name}"), remedy)),
        Err(error) => Err(Fault::bad_input(reach::told(&error), remedy)),
    }
}

fn absent(id: &str) -> Fault {
    Fault::bad_input(format!("there is no dead letter {id}"), "see the ids with joiner replay list")
}

fn unreachable_queue(error: &joiner_ports::QueueError) -> Fault {
    Fault::bad_input(reach::told(error), "what was sent until now is sent; run it again")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_is_named_as_the_queues_are() {
        assert_eq!(duties(Some("disrupt")), Ok(vec![Duty::Disrupt]));
        assert_eq!(duties(None).map(|all| all.len()), Ok(6));
        let told = duties(Some("dance")).unwrap_err().to_string();
        assert!(told.starts_with("error: there is no function dance; name one of relay, "), "{told}");
    }
}
