//! How many branch network interfaces a type has for pods: EC2 does not say, so a data file does (aws,
//! appendix A).

use std::sync::LazyLock;

use rustc_hash::FxHashMap;

const TEXT: &str = include_str!("../data/branch-interfaces.txt");

/// Counts by family and size.
static COUNTS: LazyLock<FxHashMap<(&'static str, &'static str), u32>> = LazyLock::new(|| {
    let mut counts = FxHashMap::default();
    for line in TEXT.lines().filter(|line| !line.starts_with('#')) {
        let Some((families, sizes)) = line.split_once(": ") else { continue };
        for (size, count) in sizes.split(' ').filter_map(|entry| entry.split_once('=')) {
            let Ok(count) = count.parse() else { continue };
            counts.extend(families.split(' ').map(|family| ((family, size), count)));
        }
    }
    counts
});

/// Branch interfaces of a type, zero when it does not trunk or is not listed.
pub(crate) fn of(instance_type: &str) -> u32 {
    let Some((family, size)) = instance_type.split_once('.') else { return 0 };
    // The map's keys live as long as the program; a lookup may use shorter-lived ones.
    let counts: &FxHashMap<(&str, &str), u32> = &COUNTS;
    counts.get(&(family, size)).copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_data_file_is_understood() {
        for line in TEXT.lines().filter(|line| !line.starts_with('#')) {
            let (families, sizes) = line.split_once(": ").expect(line);
            for family in families.split(' ') {
                for entry in sizes.split(' ') {
                    let (size, count) = entry.split_once('=').expect(line);
                    assert_eq!(of(&format!("{family}.{size}")).to_string(), count, "{family}.{size}");
                }
            }
        }
    }

    #[test]
    fn types_that_do_not_trunk_have_none() {
        for (instance_type, count) in
            [("t3.large", 0), ("i3.large", 0), ("i3.metal", 120), ("m5.large", 9), ("nonsense", 0)]
        {
            assert_eq!(of(instance_type), count, "{instance_type}");
        }
    }
}
