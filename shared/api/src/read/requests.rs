//! What a pod asks for in total (scheduling 6.1), from containers, sidecars, init containers and overhead.

use joiner_core::model::{Quantity, ResourceName, Resources};

use super::problem::Problem;
use super::shared::Shared;
use super::wire::{Amounts, ContainerStatusWire, ContainerWire, PodSpecWire, PodStatusWire, ResourcesWire};

/// Total requests of a pod, with `pods` = 1.
pub(super) fn pod_requests(
    spec: &PodSpecWire,
    status: Option<&PodStatusWire>,
    shared: &mut Shared,
) -> Result<Resources, Problem> {
    let resize = Resize::of(status);
    let mut total = Resources::new();
    for (index, container) in list(spec.containers.as_deref()).iter().enumerate() {
        let own =
            container_requests(container, &resize, shared).map_err(|p| p.at(index).under("containers"))?;
        total.add(&own);
    }
    let (sidecars, init_peak) = init_containers(spec, &resize, shared)?;
    total.add(&sidecars);
    total.raise_to(&init_peak);
    if let Some(pod_level) = &spec.resources {
        override_with_pod_level(&mut total, pod_level, shared).map_err(|p| p.under("resources"))?;
    }
    if let Some(overhead) = &spec.overhead {
        total.add(&amounts(overhead, shared).map_err(|p| p.under("overhead"))?);
    }
    total.set(ResourceName::Pods, Quantity::from_units(1));
    Ok(total)
}

fn list<T>(items: Option<&[T]>) -> &[T] {
    items.unwrap_or_default()
}

/// The sum of all sidecars, and the most that any init container needs together with the sidecars before it.
fn init_containers(
    spec: &PodSpecWire,
    resize: &Resize,
    shared: &mut Shared,
) -> Result<(Resources, Resources), Problem> {
    let (mut sidecars, mut peak) = (Resources::new(), Resources::new());
    for (index, container) in list(spec.init_containers.as_deref()).iter().enumerate() {
        let mut own =
            container_requests(container, resize, shared).map_err(|p| p.at(index).under("initContainers"))?;
        if container.restart_policy.as_deref() == Some("Always") {
            sidecars.add(&own);
            peak.raise_to(&sidecars);
        } else {
            own.add(&sidecars);
            peak.raise_to(&own);
        }
    }
    Ok((sidecars, peak))
}

/// Requests and limits of the pod as a whole: they take the place of the sum for the resources they may name.
fn override_with_pod_level(
    total: &mut Resources,
    pod_level: &ResourcesWire,
    shared: &mut Shared,
) -> Result<(), Problem> {
    let may_name = |name: &ResourceName| {
        matches!(name, ResourceName::Cpu | ResourceName::Memory) || name.as_str().starts_with("hugepages-")
    };
    let (requests, limits) = requests_and_limits(pod_level, shared)?;
    for (name, limit) in limits.iter().filter(|(name, _)| may_name(name)) {
        // Without a request of its own the pod keeps what its containers ask for, or else is given the limit.
        if requests.get(name).is_none() && total.get(name).is_none() {
            total.set(name.clone(), limit);
        }
    }
    for (name, request) in requests.iter().filter(|(name, _)| may_name(name)) {
        total.set(name.clone(), request);
    }
    Ok(())
}

fn container_requests(
    container: &ContainerWire,
    resize: &Resize,
    shared: &mut Shared,
) -> Result<Resources, Problem> {
    let mut wished = Resources::new();
    if let Some(resources) = &container.resources {
        let (requests, limits) = requests_and_limits(resources, shared).map_err(|p| p.under("resources"))?;
        wished = requests;
        // The API server does the same when a pod is stored.
        for (name, limit) in limits.iter() {
            if wished.get(name).is_none() {
                wished.set(name.clone(), limit);
            }
        }
    }
    let Some(status) = container.name.as_deref().and_then(|name| resize.status_of(name)) else {
        return Ok(wished);
    };
    let Some(actuated) = status.resources.as_ref().and_then(|resources| resources.requests.as_ref()) else {
        return Ok(wished);
    };
    let mut granted = amounts(actuated, shared).map_err(|p| p.under("resources.requests"))?;
    if let Some(allocated) = &status.allocated_resources {
        granted.raise_to(&amounts(allocated, shared).map_err(|p| p.under("allocatedResources"))?);
    }
    if !resize.is_infeasible {
        granted.raise_to(&wished);
    }
    Ok(granted)
}

fn requests_and_limits(wire: &ResourcesWire, shared: &mut Shared) -> Result<(Resources, Resources), Problem> {
    let mut read = |field: &Option<Amounts>, name: &str| match field {
        Some(wire) => amounts(wire, shared).map_err(|p| p.under(name)),
        None => Ok(Resources::new()),
    };
    Ok((read(&wire.requests, "requests")?, read(&wire.limits, "limits")?))
}

/// Amounts by resource; none may be negative.
pub(super) fn amounts(wire: &Amounts, shared: &mut Shared) -> Result<Resources, Problem> {
    let mut resources = Resources::new();
    for (name, amount) in &wire.0 {
        let quantity: Quantity = amount.parse().map_err(|_| {
            let remedy = "write a number with an optional suffix, such as 500m, 2 or 4Gi";
            Problem::new(name.as_ref(), format!("{:?} is not a quantity", &**amount), remedy)
        })?;
        if quantity.milli() < 0 {
            let remedy = "write zero or more";
            return Err(Problem::new(name.as_ref(), format!("{:?} is negative", &**amount), remedy));
        }
        resources.set(resource_name(name, shared), quantity);
    }
    Ok(resources)
}

fn resource_name(name: &str, shared: &mut Shared) -> ResourceName {
    match name {
        "cpu" | "memory" | "ephemeral-storage" | "pods" | "nodes" => ResourceName::from(name),
        other => ResourceName::Other(shared.text(other)),
    }
}

/// Where the resize of a running pod has got to.
struct Resize<'s, 'a> {
    statuses: [&'s [ContainerStatusWire<'a>]; 2],
    is_infeasible: bool,
}

impl<'s, 'a> Resize<'s, 'a> {
    fn of(status: Option<&'s PodStatusWire<'a>>) -> Self {
        let Some(status) = status else { return Resize { statuses: [&[], &[]], is_infeasible: false } };
        let is_refused = list(status.conditions.as_deref()).iter().any(|condition| {
            condition.kind.as_deref() == Some("PodResizePending")
                && condition.reason.as_deref() == Some("Infeasible")
        });
        Resize {
            statuses: [
                list(status.container_statuses.as_deref()),
                list(status.init_container_statuses.as_deref()),
            ],
            is_infeasible: is_refused || status.resize.as_deref() == Some("Infeasible"),
        }
    }

    fn status_of(&self, container: &str) -> Option<&'s ContainerStatusWire<'a>> {
        let mut all = self.statuses.iter().flat_map(|statuses| statuses.iter());
        all.find(|status| status.name.as_deref() == Some(container))
    }
}
