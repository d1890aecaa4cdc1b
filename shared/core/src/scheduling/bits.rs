//! Fixed-width rows of bits, one bit per instance type: the working form of "which types are still possible".

/// One bit per instance type of a table.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Bits(Box<[u64]>);

impl Bits {
    pub(crate) fn none(len: usize) -> Self {
        Bits(vec![0; len.div_ceil(64)].into())
    }

    pub(crate) fn all(len: usize) -> Self {
        let mut bits = Bits(vec![u64::MAX; len.div_ceil(64)].into());
        if !len.is_multiple_of(64) {
            bits.0[len / 64] = (1 << (len % 64)) - 1;
        }
        bits
    }

    pub(crate) fn set(&mut self, at: usize) {
        self.0[at / 64] |= 1 << (at % 64);
    }

    pub(crate) fn remove(&mut self, at: usize) {
        self.0[at / 64] &= !(1 << (at % 64));
    }

    pub(crate) fn has(&self, at: usize) -> bool {
        self.0[at / 64] >> (at % 64) & 1 == 1
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }

    pub(crate) fn count(&self) -> usize {
        self.0.iter().map(|word| word.count_ones() as usize).sum()
    }

    pub(crate) fn copy_from(&mut self, other: &Bits) {
        self.0.copy_from_slice(&other.0);
    }

    pub(crate) fn clear(&mut self) {
        self.0.fill(0);
    }

    pub(crate) fn and(&mut self, other: &Bits) {
        for (mine, theirs) in self.0.iter_mut().zip(&other.0) {
            *mine &= theirs;
        }
    }

    pub(crate) fn and_not(&mut self, other: &Bits) {
        for (mine, theirs) in self.0.iter_mut().zip(&other.0) {
            *mine &= !theirs;
        }
    }

    pub(crate) fn or(&mut self, other: &Bits) {
        for (mine, theirs) in self.0.iter_mut().zip(&other.0) {
            *mine |= theirs;
        }
    }

    pub(crate) fn meets(&self, other: &Bits) -> bool {
        self.0.iter().zip(&other.0).any(|(a, b)| a & b != 0)
    }

    pub(crate) fn ones(&self) -> impl Iterator<Item = usize> {
        self.0.iter().enumerate().flat_map(|(index, word)| {
            let mut rest = *word;
            std::iter::from_fn(move || {
                let bit = rest.trailing_zeros() as usize;
                (rest != 0).then(|| {
                    rest &= rest - 1;
                    index * 64 + bit
                })
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_hold_exactly_their_width() {
        for len in [0, 1, 63, 64, 65, 1235] {
            let all = Bits::all(len);
            assert_eq!((all.count(), all.ones().count()), (len, len));
            assert!(Bits::none(len).is_empty());
        }
        let mut odd = Bits::none(130);
        for at in [1, 63, 64, 129] {
            odd.set(at);
        }
        assert_eq!(odd.ones().collect::<Vec<_>>(), [1, 63, 64, 129]);
        let mut rest = Bits::all(130);
        rest.and_not(&odd);
        assert_eq!(rest.count(), 126);
        assert!(!rest.meets(&odd));
    }
}
