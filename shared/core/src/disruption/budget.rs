//! Disruption budgets: how many nodes of a pool may be away at once, and when does that change?
//! (disruption 2.14, api 1.5)

use jiff::{SignedDuration, Timestamp};

use super::cron::{Cron, CronError};
use crate::model::{Budget, BudgetNodes, DisruptionReason};

/// How many nodes may be away for a reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Allowance {
    /// At most this many.
    AtMost(u32),
    /// No budget speaks of it.
    Unlimited,
}

impl Allowance {
    /// What is left when some are away already.
    #[must_use]
    pub fn less(self, away: u32) -> Allowance {
        match self {
            Allowance::AtMost(nodes) => Allowance::AtMost(nodes.saturating_sub(away)),
            Allowance::Unlimited => Allowance::Unlimited,
        }
    }

    /// Whether nothing is left.
    pub fn is_spent(self) -> bool {
        self == Allowance::AtMost(0)
    }
}

/// The number of nodes that budgets allow to be away for a reason, of a total. The smallest of the active ones
/// that speak of it counts.
///
/// # Errors
/// A schedule cannot be read; nothing may be disrupted then, for any reason.
pub fn allowance(
    budgets: &[Budget],
    reason: DisruptionReason,
    total: u32,
    now: Timestamp,
) -> Result<Allowance, CronError> {
    let mut least = Allowance::Unlimited;
    // behaviour: disruption/unreadable-budget-closes-the-pool
    for budget in budgets {
        let speaks = budget.reasons.is_empty() || budget.reasons.contains(&reason);
        if is_active(budget, now)? && speaks {
            least = least.min(Allowance::AtMost(share(budget.nodes, total)));
        }
    }
    Ok(least)
}

/// A number, or a share of the total rounded up.
fn share(nodes: BudgetNodes, total: u32) -> u32 {
    match nodes {
        BudgetNodes::Count(count) => count,
        // behaviour: disruption/budget-percent-rounds-up
        BudgetNodes::Percent(percent) => {
            let nodes = (u64::from(percent) * u64::from(total)).div_ceil(100);
            u32::try_from(nodes).unwrap_or(u32::MAX)
        }
    }
}

fn parts(budget: &Budget) -> Result<Option<(Cron, SignedDuration)>, CronError> {
    let Some(schedule) = &budget.schedule else { return Ok(None) };
    let secs = i64::try_from(budget.duration_secs.unwrap_or(0)).unwrap_or(i64::MAX / 2);
    Ok(Some((Cron::parse(schedule)?, SignedDuration::from_secs(secs))))
}

/// Whether a budget counts now: always without a schedule, else from each firing for its duration, the end
/// excluded.
fn is_active(budget: &Budget, now: Timestamp) -> Result<bool, CronError> {
    let Some((cron, duration)) = parts(budget)? else { return Ok(true) };
    // behaviour: disruption/budget-window-ends-exclusively
    let since = now.checked_sub(duration).unwrap_or(Timestamp::MIN);
    Ok(cron.next_after(since).is_some_and(|hit| hit <= now))
}

/// The next moment at which a budget starts or stops counting, as far as it can be told from its latest firing.
pub fn next_change(budgets: &[Budget], now: Timestamp) -> Option<Timestamp> {
    budgets
        .iter()
        .filter_map(|budget| parts(budget).ok().flatten())
        .filter_map(|(cron, duration)| {
            let opened = cron.next_after(now.checked_sub(duration).unwrap_or(Timestamp::MIN))?;
            if opened <= now { opened.checked_add(duration).ok() } else { Some(opened) }
        })
        .min()
}

#[cfg(test)]
mod tests {
    use super::*;
    use DisruptionReason::{Drifted, Empty};

    fn budget(nodes: BudgetNodes, schedule: Option<(&str, u64)>, reasons: &[DisruptionReason]) -> Budget {
        Budget {
            nodes,
            schedule: schedule.map(|(cron, _)| cron.into()),
            duration_secs: schedule.map(|(_, secs)| secs),
            reasons: reasons.to_vec(),
        }
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    // behaviour: disruption/budget-percent-rounds-up
    #[test]
    fn percentages_round_up_and_the_smallest_budget_counts() {
        use BudgetNodes::{Count, Percent};
        let now = at("2026-01-01T00:00:00Z");
        for (budgets, reason, total, expected) in [
            (vec![], Empty, 10, Allowance::Unlimited),
            (vec![budget(Percent(5), None, &[])], Empty, 10, Allowance::AtMost(1)),
            (vec![budget(Percent(0), None, &[])], Empty, 10, Allowance::AtMost(0)),
            (vec![budget(Percent(10), None, &[])], Empty, 0, Allowance::AtMost(0)),
            (
                vec![budget(Percent(50), None, &[]), budget(Count(2), None, &[])],
                Empty,
                10,
                Allowance::AtMost(2),
            ),
            (vec![budget(Count(0), None, &[Drifted])], Empty, 10, Allowance::Unlimited),
            (vec![budget(Count(0), None, &[Drifted])], Drifted, 10, Allowance::AtMost(0)),
        ] {
            assert_eq!(allowance(&budgets, reason, total, now), Ok(expected), "{budgets:?}");
        }
    }

    // behaviour: disruption/budget-window-ends-exclusively
    #[test]
    fn a_scheduled_budget_counts_from_its_firing_to_just_before_its_end() {
        let freeze = [budget(BudgetNodes::Count(0), Some(("0 9 * * *", 3600)), &[])];
        for (now, expected) in [
            ("2026-01-01T08:59:59Z", Allowance::Unlimited),
            ("2026-01-01T09:00:00Z", Allowance::AtMost(0)),
            ("2026-01-01T09:59:59Z", Allowance::AtMost(0)),
            ("2026-01-01T10:00:00Z", Allowance::Unlimited),
        ] {
            assert_eq!(allowance(&freeze, Empty, 10, at(now)), Ok(expected), "{now}");
        }
        let change = |now| next_change(&freeze, at(now));
        assert_eq!(change("2026-01-01T08:00:00Z"), Some(at("2026-01-01T09:00:00Z")));
        assert_eq!(change("2026-01-01T09:30:00Z"), Some(at("2026-01-01T10:00:00Z")));
    }

    // behaviour: disruption/unreadable-budget-closes-the-pool
    #[test]
    fn an_unreadable_schedule_fails_for_every_reason() {
        let budgets = [budget(BudgetNodes::Count(5), Some(("nonsense", 60)), &[Drifted])];
        let refusal = allowance(&budgets, Empty, 10, at("2026-01-01T00:00:00Z")).unwrap_err();
        assert_eq!(refusal.text, "nonsense");
    }
}
