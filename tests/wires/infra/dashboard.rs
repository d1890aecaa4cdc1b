//! Does the dashboard show what the functions measure?

use std::collections::BTreeSet;

use joiner_runtime::metrics::METRICS;
use joiner_runtime::metrics::emf::NAMESPACE;
use serde_json::Value;

use crate::documents::DOCUMENTS;

/// The dashboard, as JSON.
fn body() -> Value {
    let text = DOCUMENTS.template.properties("Overview")["DashboardBody"]["Fn::Sub"].as_str();
    serde_json::from_str(text.expect("a text to fill in")).expect("the dashboard is JSON")
}

/// Searches for metrics of ours: namespace and name.
fn searched(body: &Value) -> BTreeSet<(String, String)> {
    let widgets = body["widgets"].as_array().expect("widgets").iter();
    let metrics = widgets.flat_map(|widget| widget["properties"]["metrics"].as_array().into_iter().flatten());
    let searches = metrics.filter_map(|metric| metric[0]["expression"].as_str());
    searches
        .map(|search| {
            let quoted: Vec<&str> = search.split('"').skip(1).step_by(2).collect();
            let [namespace, name] = quoted.as_slice() else { panic!("{search} names no metric") };
            ((*namespace).to_owned(), (*name).to_owned())
        })
        .collect()
}

#[test]
fn the_dashboard_shows_metrics_that_are_written() {
    let written: BTreeSet<&str> = METRICS.iter().map(|metric| metric.name).collect();
    let searched = searched(&body());
    assert!(searched.len() > 15);
    for (namespace, name) in &searched {
        assert_eq!(namespace, NAMESPACE);
        assert!(written.contains(name.as_str()), "no metric is called {name}");
    }
}

#[test]
fn widgets_do_not_cover_each_other() {
    let body = body();
    let mut taken = BTreeSet::new();
    for widget in body["widgets"].as_array().expect("widgets") {
        let side = |name: &str| widget[name].as_u64().expect("a number");
        assert!(side("x") + side("width") <= 24);
        for column in side("x")..side("x") + side("width") {
            for row in side("y")..side("y") + side("height") {
                assert!(taken.insert((column, row)), "{} covers another", widget["properties"]["title"]);
            }
        }
    }
}
