//! What did the run come to? The closing table, as data and as text.

use std::fmt;
use std::time::Duration;

use serde::Serialize;

use crate::world::World;

/// A pod or pool that was left out, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LeftOut {
    /// Its name.
    pub name: String,
    /// The reason.
    pub why: String,
}

/// The closing table.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RunReport {
    /// The seed.
    pub seed: u64,
    /// Virtual seconds the run took.
    pub elapsed_secs: u64,
    /// Instances launched.
    pub nodes_launched: usize,
    /// Instances that are still there.
    pub nodes_left: usize,
    /// Most vCPU on instances at once, in thousandths.
    pub peak_cpu_milli: i64,
    /// Pods made, daemons left out.
    pub pods_created: u64,
    /// Pods that ran.
    pub pods_ran: usize,
    /// Seconds from pending to running that half of the pods did not exceed.
    pub wait_p50_secs: f64,
    /// Seconds from pending to running that 99 of 100 pods did not exceed.
    pub wait_p99_secs: f64,
    /// Hours paid for.
    pub instance_hours: f64,
    /// What was paid, in dollars.
    pub cost_usd: f64,
    /// What the cheapest possible plan would have paid, in dollars.
    pub least_cost_usd: f64,
    /// Pods that wait at the end, with the reason.
    pub pods_waiting: Vec<LeftOut>,
    /// Pools that were not used, with the reason.
    pub pools_unused: Vec<LeftOut>,
    /// Promises broken; none, unless something is wrong with the product.
    pub violations: Vec<String>,
}

impl RunReport {
    /// Closes the books of a world.
    pub fn of(world: &mut World) -> Self {
        let now = world.agenda.now();
        world.book.close(now);
        let instances = || world.ec2.instances.values();
        let nano_usd: i128 = instances().map(|instance| instance.billed_nano_usd(now)).sum();
        let micros: u64 = instances().map(|instance| instance.billed_micros(now)).sum();
        let mut waits = world.book.waits.clone();
        waits.sort();
        let left_out = |(name, why): (&String, &String)| LeftOut { name: name.clone(), why: why.clone() };
        RunReport {
            seed: world.seed,
            elapsed_secs: world.agenda.elapsed().as_secs(),
            nodes_launched: instances().count(),
            nodes_left: world.ec2.live().count().max(world.cluster.nodes.len()),
            peak_cpu_milli: world.book.peak_cpu_milli,
            pods_created: world.book.created,
            pods_ran: world.book.ran.len(),
            wait_p50_secs: percentile(&waits, 50),
            wait_p99_secs: percentile(&waits, 99),
            instance_hours: micros as f64 / 3.6e9,
            cost_usd: nano_usd as f64 / 1e9,
            least_cost_usd: world.least_cost_usd(),
            pods_waiting: waiting(world),
            pools_unused: world.book.unused_pools.iter().map(left_out).collect(),
            violations: world.checks.violations.iter().cloned().collect(),
        }
    }
}

fn waiting(world: &World) -> Vec<LeftOut> {
    let unbound = world.cluster.pods.values().filter(|o| o.pod.node_name.is_none() && o.is_active());
    unbound
        .map(|object| {
            let name = object.pod.key.to_string();
            let told = world.book.unfit.get(&name).cloned();
            LeftOut { why: told.unwrap_or_else(|| "nobody said why".to_owned()), name }
        })
        .collect()
}

/// Nearest rank.
fn percentile(sorted: &[Duration], percent: usize) -> f64 {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).map_or(0.0, Duration::as_secs_f64)
}

/// How many of the pods and pools that were left out are listed.
const LISTED: usize = 10;

impl fmt::Display for RunReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut row = |name: &str, value: String| writeln!(f, "{name:<42}{value:>12}");
        row("virtual time", clock(Duration::from_secs(self.elapsed_secs)))?;
        row("nodes launched", self.nodes_launched.to_string())?;
        row("nodes left", self.nodes_left.to_string())?;
        row("most vCPU at once", format!("{}", self.peak_cpu_milli as f64 / 1000.0))?;
        row("pods created", self.pods_created.to_string())?;
        row("pods that ran", self.pods_ran.to_string())?;
        row("pending to running, p50", format!("{:.1} s", self.wait_p50_secs))?;
        row("pending to running, p99", format!("{:.1} s", self.wait_p99_secs))?;
        row("instance hours", format!("{:.3}", self.instance_hours))?;
        row("cost", format!("${:.5}", self.cost_usd))?;
        row("cheapest possible plan (lower bound)", format!("${:.5}", self.least_cost_usd))?;
        writeln!(
            f,
            "\nThe bound is the optimum of a linear program: at every instant, fractions of machines that give the\n\
             pods on nodes exactly the cpu and memory they ask for, at the best prices the NodePools allow. No plan\n\
             costs less. Boot, the calm before consolidation and rounding to whole machines are the difference."
        )?;
        list(f, "pods that wait", &self.pods_waiting)?;
        list(f, "NodePools not used", &self.pools_unused)?;
        let broken: Vec<_> =
            self.violations.iter().map(|v| LeftOut { name: "broken".to_owned(), why: v.clone() }).collect();
        list(f, "promises broken", &broken)
    }
}

fn list(f: &mut fmt::Formatter<'_>, title: &str, rows: &[LeftOut]) -> fmt::Result {
    if rows.is_empty() {
        return Ok(());
    }
    writeln!(f, "\n{title}: {}", rows.len())?;
    for row in rows.iter().take(LISTED) {
        writeln!(f, "  {}: {}", row.name, row.why)?;
    }
    match rows.len().checked_sub(LISTED) {
        Some(more) if more > 0 => writeln!(f, "  and {more} more"),
        _ => Ok(()),
    }
}

/// `h:mm:ss`.
pub fn clock(time: Duration) -> String {
    let secs = time.as_secs();
    format!("{}:{:02}:{:02}", secs / 3600, secs / 60 % 60, secs % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_nearest_ranks() {
        let waits: Vec<Duration> = (1..=200).map(Duration::from_secs).collect();
        assert_eq!((percentile(&waits, 50), percentile(&waits, 99)), (100.0, 198.0));
        assert_eq!((percentile(&waits[..1], 50), percentile(&waits[..1], 99)), (1.0, 1.0));
        assert_eq!(percentile(&[], 99), 0.0);
    }
}
