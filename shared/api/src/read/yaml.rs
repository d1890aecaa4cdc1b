//! YAML becomes JSON text, document by document, so that everything after has one form to read.

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_saphyr::Spanned;

use std::fmt;

/// Largest YAML input, in bytes.
const MAX_INPUT_BYTES: usize = 256 * 1024 * 1024;

/// A document of a YAML stream, as JSON.
#[derive(Debug)]
pub(super) struct Document {
    /// The same values as JSON text.
    pub(super) json: String,
    /// Line it starts on, from 1.
    pub(super) line: usize,
}

/// A text that is not YAML, or is too much of it.
#[derive(Debug)]
pub(super) struct YamlError {
    /// What is wrong.
    pub(super) message: String,
    /// Line it was met on, from 1.
    pub(super) line: Option<usize>,
}

/// Reads all documents; empty ones are left out.
pub(super) fn documents(text: &str) -> Result<Vec<Document>, YamlError> {
    if text.len() > MAX_INPUT_BYTES {
        return Err(YamlError { message: format!("more than {MAX_INPUT_BYTES} bytes of YAML"), line: None });
    }
    let documents: Vec<Spanned<Json>> =
        serde_saphyr::from_multiple_with_options(text, options()).map_err(|error| YamlError {
            message: message(&error),
            line: error.location().and_then(|at| usize::try_from(at.line()).ok()),
        })?;
    let document = |spanned: Spanned<Json>| Document {
        json: spanned.value.0,
        line: usize::try_from(spanned.referenced.line()).unwrap_or(1),
    };
    Ok(documents.into_iter().map(document).collect())
}

fn message(error: &serde_saphyr::Error) -> String {
    let text = error.without_snippet().to_string();
    // The library names the counter that ran over, which says nothing to whoever wrote the file.
    if text.contains("budget breached") || text.contains("alias replay") {
        return "it is larger than what is read, or its aliases would make it so".to_owned();
    }
    text.lines().next().unwrap_or("it is not YAML").to_owned()
}

/// Room for any real cluster; aliases may not blow a small file up into a large one. Only `true` and `false` are
/// booleans: with the older spellings a node named `n` would lose its name.
fn options() -> serde_saphyr::Options {
    serde_saphyr::options! {
        with_snippet: false,
        strict_booleans: true,
        budget: serde_saphyr::budget! {
            max_events: 50_000_000,
            max_nodes: 25_000_000,
            max_documents: 1_000_000,
            max_total_scalar_bytes: MAX_INPUT_BYTES,
            max_depth: 100,
        },
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: 1_000_000,
        },
    }
}

/// JSON text written while a YAML value is read.
#[derive(Debug)]
struct Json(String);

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut text = String::new();
        Writer(&mut text).deserialize(deserializer)?;
        Ok(Json(text))
    }
}

struct Writer<'t>(&'t mut String);

impl<'de> DeserializeSeed<'de> for Writer<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Writer<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value that JSON has too")
    }

    fn visit_bool<E>(self, value: bool) -> Result<(), E> {
        self.0.push_str(if value { "true" } else { "false" });
        Ok(())
    }

    fn visit_i64<E>(self, value: i64) -> Result<(), E> {
        self.0.push_str(&value.to_string());
        Ok(())
    }

    fn visit_u64<E>(self, value: u64) -> Result<(), E> {
        self.0.push_str(&value.to_string());
        Ok(())
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<(), E> {
        self.0.push_str(&serde_json::to_string(&value).map_err(E::custom)?);
        Ok(())
    }

    fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<(), E> {
        write_string(self.0, value).map_err(E::custom)
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.0.push_str("null");
        Ok(())
    }

    fn visit_none<E: serde::de::Error>(self) -> Result<(), E> {
        self.visit_unit()
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        self.deserialize(deserializer)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        self.0.push('[');
        let mut is_first = true;
        loop {
            let before = self.0.len();
            if !is_first {
                self.0.push(',');
            }
            if items.next_element_seed(Writer(self.0))?.is_none() {
                self.0.truncate(before);
                break;
            }
            is_first = false;
        }
        self.0.push(']');
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        self.0.push('{');
        let mut is_first = true;
        while let Some(key) = entries.next_key::<String>()? {
            if !is_first {
                self.0.push(',');
            }
            is_first = false;
            write_string(self.0, &key).map_err(A::Error::custom)?;
            self.0.push(':');
            entries.next_value_seed(Writer(self.0))?;
        }
        self.0.push('}');
        Ok(())
    }
}

fn write_string(text: &mut String, value: &str) -> Result<(), serde_json::Error> {
    if value.bytes().all(|byte| byte >= 0x20 && byte != b'"' && byte != b'\\') {
        text.push('"');
        text.push_str(value);
        text.push('"');
    } else {
        text.push_str(&serde_json::to_string(value)?);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_become_json_with_their_first_line() {
        let text = "# a comment\n---\na: {b: [1, 2.5, x, \"1\", null, true]}\n---\n---\n\nc: |\n  two\n  \"lines\"\nd: []\n";
        let documents = documents(text).unwrap();
        let found: Vec<(&str, usize)> = documents.iter().map(|d| (d.json.as_str(), d.line)).collect();
        let expected =
            [(r#"{"a":{"b":[1,2.5,"x","1",null,true]}}"#, 3), (r#"{"c":"two\n\"lines\"\n","d":[]}"#, 7)];
        assert_eq!(found, expected);
    }

    #[test]
    fn aliases_are_followed_and_bombs_are_refused() {
        let shared = documents("base: &b {x: 1}\nother: {<<: *b, y: 2}\n").unwrap();
        assert_eq!(shared[0].json, r#"{"base":{"x":1},"other":{"y":2,"x":1}}"#);
        let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..10 {
            let alias = format!("*a{}", level - 1);
            bomb.push_str(&format!("a{level}: &a{level} [{}]\n", vec![alias; 10].join(", ")));
        }
        let refusal = documents(&bomb).unwrap_err().message;
        assert_eq!(refusal, "it is larger than what is read, or its aliases would make it so");
    }

    #[test]
    fn a_fault_names_its_line() {
        let error = documents("a: 1\nb: [1, 2\nc: 3\n").unwrap_err();
        assert!(error.line.is_some_and(|line| line >= 2), "{error:?}");
    }
}
