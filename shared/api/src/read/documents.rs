//! Takes an input apart into objects: documents of a stream, items of lists, lists in lists.

use std::fmt;
use std::sync::Arc;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::locate;
use super::problem::{Place, ReadError};
use super::wire::Text;
use super::yaml;

/// Lists may hold lists, but not without end.
const MAX_LIST_DEPTH: usize = 8;

/// A named text to read.
#[derive(Debug, Clone)]
pub struct Source {
    /// File, or `stdin`.
    pub name: Arc<str>,
    /// What it holds.
    pub text: String,
}

/// An object not read yet, except for what it is.
#[derive(Debug)]
pub(super) struct Found<'a> {
    /// Where it stands.
    pub(super) place: Place,
    /// API group and version.
    pub(super) api_version: Text<'a>,
    /// Kind.
    pub(super) kind: Text<'a>,
    /// All of it, as JSON.
    pub(super) json: &'a str,
}

/// What an object is; and its items when it is a list.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Head<'a> {
    #[serde(borrow)]
    api_version: Option<Text<'a>>,
    #[serde(borrow)]
    kind: Option<Text<'a>>,
    #[serde(borrow)]
    items: Option<Vec<&'a RawValue>>,
}

/// Calls `visit` with every object of a source, in order. Text that is not JSON or YAML ends the source.
pub(super) fn for_each_object(
    source: &Source,
    visit: &mut dyn FnMut(Found<'_>),
    fail: &mut dyn FnMut(ReadError),
) {
    let text = source.text.strip_prefix('\u{feff}').unwrap_or(&source.text);
    let walk = &mut Walk { file: source.name.clone(), visit, fail };
    if is_json(text) {
        walk.json_stream(text);
        return;
    }
    match yaml::documents(text) {
        Ok(documents) => {
            for (index, document) in documents.iter().enumerate() {
                let place = walk.place(index + 1, document.line);
                walk.document(&document.json, place, None);
            }
        }
        Err(error) => {
            let place = Place { file: source.name.clone(), document: 1, item: None, line: error.line };
            let problem = format!("cannot be read as YAML: {}", error.message);
            (walk.fail)(whole_document(place, problem, "correct the syntax"));
        }
    }
}

/// Whether a text is JSON. YAML too may start with a brace, and may hold several documents of JSON.
pub(super) fn is_json(text: &str) -> bool {
    let text_start = text.trim_start();
    let inside = text_start.trim_start_matches(|c: char| c == '[' || c == '{' || c.is_ascii_whitespace());
    text_start.starts_with(['{', '[']) && inside.starts_with(['"', '}', ']']) && !text.contains("\n---")
}

struct Walk<'w> {
    file: Arc<str>,
    visit: &'w mut dyn FnMut(Found<'_>),
    fail: &'w mut dyn FnMut(ReadError),
}

/// How far the walk has come.
#[derive(Debug, Clone)]
struct Spot {
    place: Place,
    /// Line of the text, when it stands in the file as it is.
    json_line: Option<usize>,
    /// Number of lists around it.
    depth: usize,
}

impl Walk<'_> {
    fn place(&self, document: usize, line: usize) -> Place {
        Place { file: self.file.clone(), document, item: None, line: Some(line) }
    }

    /// Documents of JSON one after the other; an array of objects counts as a list.
    fn json_stream(&mut self, text: &str) {
        let mut stream = serde_json::Deserializer::from_str(text).into_iter::<&RawValue>();
        let mut number = 0;
        while let Some(document) = stream.next() {
            number += 1;
            match document {
                Ok(raw) => {
                    let line = locate::line_of(text, stream.byte_offset() - raw.get().len());
                    self.document(raw.get(), self.place(number, line), Some(line));
                }
                Err(error) => {
                    let line = locate::line_of(text, locate::offset(text, &error));
                    let problem = format!("cannot be read as JSON: {}", locate::message(&error));
                    let place = self.place(number, line);
                    (self.fail)(whole_document(place, problem, "correct the syntax"));
                }
            }
        }
    }

    fn document(&mut self, json: &str, place: Place, json_line: Option<usize>) {
        let spot = Spot { place, json_line, depth: 0 };
        if !json.starts_with('[') {
            return self.object(json, spot);
        }
        match serde_json::from_str::<Vec<&RawValue>>(json) {
            Ok(items) => self.items(json, &items, &spot),
            Err(error) => self.broken(spot.place, &error),
        }
    }

    fn object(&mut self, json: &str, spot: Spot) {
        let place = spot.place.clone();
        if let Some((api_version, kind)) = peek(json).filter(|(_, kind)| !is_list(kind)) {
            return (self.visit)(Found { place, api_version, kind, json });
        }
        let head: Head = match serde_json::from_str(json) {
            Ok(head) => head,
            Err(error) => return self.broken(place, &error),
        };
        let (api_version, kind) = (head.api_version.unwrap_or_default(), head.kind.unwrap_or_default());
        if kind.is_empty() {
            (self.fail)(ReadError {
                field: Some("kind".to_owned()),
                ..whole_document(place, "is missing".to_owned(), "say what the object is, such as kind: Pod")
            });
        } else if !is_list(&kind) {
            (self.visit)(Found { place, api_version, kind, json });
        } else if spot.depth >= MAX_LIST_DEPTH {
            let problem = format!("more than {MAX_LIST_DEPTH} lists inside each other");
            (self.fail)(whole_document(place, problem, "write the objects into one list"));
        } else {
            self.items(json, &head.items.unwrap_or_default(), &spot);
        }
    }

    fn items(&mut self, list: &str, items: &[&RawValue], spot: &Spot) {
        let (mut json_line, mut counted) = (spot.json_line, 0);
        for (index, item) in items.iter().enumerate() {
            // Items borrow from the list's own text, so that their distance from its start tells their line.
            let start = (item.get().as_ptr() as usize).saturating_sub(list.as_ptr() as usize);
            if let Some(line) = &mut json_line {
                *line += locate::line_of(&list[counted..], start - counted) - 1;
                counted = start;
            }
            let line = json_line.or(spot.place.line);
            let place = Place { item: Some(index + 1), line, ..spot.place.clone() };
            self.object(item.get(), Spot { place, json_line, depth: spot.depth + 1 });
        }
    }

    fn broken(&mut self, place: Place, error: &serde_json::Error) {
        let problem = format!("is not an object: {}", locate::message(error));
        (self.fail)(whole_document(place, problem, "write an object with apiVersion, kind and metadata"));
    }
}

fn is_list(kind: &str) -> bool {
    kind.ends_with("List")
}

/// Version and kind of an object that starts with them, without reading on.
fn peek(json: &str) -> Option<(Text<'_>, Text<'_>)> {
    let mut found = Start::default();
    // Stopping early leaves the reader complaining about the rest of the object, which is read later.
    let _ = serde_json::Deserializer::from_str(json).deserialize_map(StartVisitor(&mut found));
    found.api_version.zip(found.kind)
}

#[derive(Debug, Default)]
struct Start<'a> {
    api_version: Option<Text<'a>>,
    kind: Option<Text<'a>>,
}

struct StartVisitor<'s, 'a>(&'s mut Start<'a>);

impl<'de> Visitor<'de> for StartVisitor<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while self.0.api_version.is_none() || self.0.kind.is_none() {
            match map.next_key::<Text>()?.as_deref() {
                Some("apiVersion") => self.0.api_version = Some(map.next_value()?),
                Some("kind") => self.0.kind = Some(map.next_value()?),
                Some(_) | None => break,
            }
        }
        Ok(())
    }
}

fn whole_document(place: Place, problem: String, remedy: &str) -> ReadError {
    ReadError { place: Some(place), object: None, field: None, problem, remedy: remedy.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn walk(text: &str) -> (Vec<String>, Vec<String>) {
        let source = Source { name: "f".into(), text: text.to_owned() };
        let (mut objects, mut errors) = (Vec::new(), Vec::new());
        for_each_object(
            &source,
            &mut |found| objects.push(format!("{} {} {}", found.place, &*found.api_version, &*found.kind)),
            &mut |error| errors.push(error.to_string()),
        );
        (objects, errors)
    }

    #[test]
    fn lists_in_lists_are_taken_apart_with_their_lines() {
        let text = "{\"kind\":\"List\",\"items\":[\n{\"kind\":\"Pod\",\"apiVersion\":\"v1\"},\n{\"kind\":\"PodList\",\"items\":[{\"kind\":\"Pod\"},\n{\"kind\":\"Pod\"}]}]}\n{\"kind\":\"Node\"}";
        let (objects, errors) = walk(text);
        assert_eq!(errors, Vec::<String>::new());
        assert_eq!(
            objects,
            [
                "f:2: document 1, item 1 v1 Pod",
                "f:3: document 1, item 1  Pod",
                "f:4: document 1, item 2  Pod",
                "f:5: document 2  Node"
            ]
        );
    }

    #[test]
    fn what_is_no_object_is_refused_with_its_place() {
        for (text, error) in [
            ("a: 1\n", "f:1: document 1: kind: is missing; say what the object is, such as kind: Pod"),
            (
                "{\"kind\": \"Pod\"}\n{\"kind\": }",
                "f:2: document 2: cannot be read as JSON: expected value; correct the syntax",
            ),
            (
                "kind: Pod\n---\n- 1\n",
                "f:3: document 2, item 1: is not an object: invalid type: integer `1`, expected struct Head; write an object with apiVersion, kind and metadata",
            ),
        ] {
            assert_eq!(walk(text).1, [error], "{text}");
        }
    }

    #[test]
    fn yaml_may_look_like_json() {
        for text in [
            "{kind: A}\n---\n{kind: A}",
            "{\"kind\": \"A\"}\n---\n{\"kind\": \"A\"}\n",
            "[{kind: A}, {kind: A}]",
        ] {
            let (objects, errors) = walk(text);
            assert_eq!((objects.len(), errors), (2, vec![]), "{text}");
        }
    }

    #[test]
    fn nothing_at_all_is_no_object_and_no_fault() {
        assert_eq!(walk(""), (vec![], vec![]));
        assert_eq!(walk("---\n# nothing\n---\n"), (vec![], vec![]));
    }
}
