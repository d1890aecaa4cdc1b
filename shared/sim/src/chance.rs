//! Where does chance come from? From one seed, split into a stream per purpose, so that one more draw for boot
//! times does not shift which answer gets lost. Never from the machine.

use std::time::Duration;

/// One stream of numbers (xoshiro256** seeded by splitmix64).
#[derive(Debug, Clone)]
pub struct Chance {
    state: [u64; 4],
}

impl Chance {
    /// The stream that a seed has for a purpose.
    pub fn stream(seed: u64, purpose: &str) -> Self {
        // FNV-1a keeps purposes apart; it need not be strong.
        let tag = purpose.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        let mut mix = seed ^ tag;
        Chance { state: std::array::from_fn(|_| split_mix(&mut mix)) }
    }

    /// The next number.
    pub fn draw(&mut self) -> u64 {
        let [a, b, c, d] = &mut self.state;
        let answer = b.wrapping_mul(5).rotate_left(7).wrapping_mul(9);
        let shifted = *b << 17;
        *c ^= *a;
        *d ^= *b;
        *b ^= *c;
        *a ^= *d;
        *c ^= shifted;
        *d = d.rotate_left(45);
        answer
    }

    /// A number below a bound; zero for a bound of zero.
    pub fn below(&mut self, bound: u64) -> u64 {
        // The bias of multiply-shift is below 2^-40 for every bound used here.
        ((u128::from(self.draw()) * u128::from(bound)) >> 64) as u64
    }

    /// A duration between two, in whole microseconds.
    pub fn between(&mut self, (least, most): (Duration, Duration)) -> Duration {
        let spread = most.saturating_sub(least).as_micros() as u64;
        least + Duration::from_micros(self.below(spread + 1))
    }

    /// Whether something of a probability in thousandths happens. Impossible things draw nothing.
    pub fn happens(&mut self, per_mille: u32) -> bool {
        per_mille > 0 && self.below(1000) < u64::from(per_mille)
    }
}

fn split_mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// The streams of one world.
#[derive(Debug, Clone)]
pub struct Streams {
    /// How long calls take.
    pub calls: Chance,
    /// How long machines take to start and stop.
    pub machines: Chance,
    /// How long pods take to start and stop.
    pub pods: Chance,
    /// How fast the cluster's own controllers react.
    pub controllers: Chance,
    /// When messages arrive.
    pub messages: Chance,
    /// What goes wrong.
    pub faults: Chance,
}

impl Streams {
    /// All streams of a seed.
    pub fn new(seed: u64) -> Self {
        let stream = |purpose| Chance::stream(seed, purpose);
        Streams {
            calls: stream("calls"),
            machines: stream("machines"),
            pods: stream("pods"),
            controllers: stream("controllers"),
            messages: stream("messages"),
            faults: stream("faults"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_always_gives_the_same_numbers_and_purposes_differ() {
        let draw = |seed, purpose| {
            let mut chance = Chance::stream(seed, purpose);
            [chance.draw(), chance.draw(), chance.draw()]
        };
        assert_eq!(draw(7, "calls"), draw(7, "calls"));
        assert_ne!(draw(7, "calls"), draw(7, "pods"));
        assert_ne!(draw(7, "calls"), draw(8, "calls"));
    }

    #[test]
    fn draws_stay_within_their_bounds_and_reach_both_ends() {
        let mut chance = Chance::stream(1, "bounds");
        let seen: std::collections::BTreeSet<u64> = (0..200).map(|_| chance.below(5)).collect();
        assert_eq!(seen, (0..5).collect());
        let bounds = (Duration::from_millis(10), Duration::from_millis(12));
        assert!((0..200).map(|_| chance.between(bounds)).all(|d| d >= bounds.0 && d <= bounds.1));
        assert_eq!((0..100).filter(|_| chance.happens(0)).count(), 0);
        assert_eq!((0..100).filter(|_| chance.happens(1000)).count(), 100);
    }
}
