//! Selector terms as filters of EC2.

use std::collections::BTreeMap;

use aws_sdk_ec2::types::Filter;

/// A filter on several values; one of them is enough.
pub(super) fn filter<I: IntoIterator<Item = S>, S: Into<String>>(
    name: impl Into<String>,
    values: I,
) -> Filter {
    let values = values.into_iter().map(Into::into).collect();
    Filter::builder().name(name).set_values(Some(values)).build()
}

/// Tags that all must be there. Values may have the wildcards of EC2; a lone `*` asks for the key only
/// (aws 5.1).
pub(super) fn tags(tags: &BTreeMap<String, String>) -> Vec<Filter> {
    // behaviour: class/a-star-asks-for-the-key-only
    let of = |(key, value): (&String, &String)| match value.as_str() {
        "*" => filter("tag-key", [key.as_str()]),
        value => filter(format!("tag:{key}"), [value]),
    };
    tags.iter().map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    // behaviour: class/a-star-asks-for-the-key-only
    #[test]
    fn tags_become_filters_that_all_must_match() {
        let selected = [("a", "*"), ("b", "x*"), ("c", "y")];
        let selected = selected.map(|(key, value)| (key.to_owned(), value.to_owned()));
        let expected = [filter("tag-key", ["a"]), filter("tag:b", ["x*"]), filter("tag:c", ["y"])];
        assert_eq!(tags(&BTreeMap::from(selected)), expected);
    }
}
