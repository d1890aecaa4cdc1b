//! Where in the body of a list does each object begin and end? Found as the body arrives, so that a list of all
//! pods never stands in memory as a whole.

use serde::Deserialize;

/// Takes the body of a list apart.
#[derive(Debug, Default)]
pub(crate) struct ListBody {
    /// The list without its objects.
    envelope: Vec<u8>,
    /// The beginning of an object whose end has not arrived.
    item: Vec<u8>,
    place: Place,
    depth: u32,
    in_string: bool,
    escaped: bool,
    /// Where the last string of the envelope begins, while it may still be the key of the objects.
    key_start: usize,
    key: Key,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Place {
    #[default]
    Envelope,
    BetweenItems,
    Item,
}

/// How much of `"items":` has been seen.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Key {
    #[default]
    Other,
    Items,
    ItemsColon,
}

/// What a list says of itself.
#[derive(Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(default)]
pub(crate) struct ListHead {
    /// Its metadata.
    pub(crate) metadata: ListMeta,
}

/// Metadata of a list.
#[derive(Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct ListMeta {
    /// The moment it shows, from which a watch goes on.
    pub(crate) resource_version: String,
}

impl ListBody {
    /// Takes the next piece and hands out every object that ends in it.
    pub(crate) fn feed(&mut self, piece: &[u8], each: &mut dyn FnMut(&[u8])) {
        let mut at = 0;
        while at < piece.len() {
            at = match self.place {
                Place::Envelope => self.envelope_byte(piece, at),
                Place::BetweenItems => self.between_items(piece, at),
                Place::Item => self.item_bytes(piece, at, each),
            };
        }
    }

    /// What the list says of itself, once all of it was taken.
    ///
    /// # Errors
    /// It ended early, or is no list.
    pub(crate) fn finish(self) -> Result<ListHead, serde_json::Error> {
        serde_json::from_slice(&self.envelope)
    }

    fn envelope_byte(&mut self, piece: &[u8], at: usize) -> usize {
        let byte = piece[at];
        self.envelope.push(byte);
        if self.in_string {
            if self.escaped {
                self.escaped = false;
            } else if byte == b'\\' {
                self.escaped = true;
            } else if byte == b'"' {
                self.in_string = false;
                let is_items = self.depth == 1 && self.envelope[self.key_start..] == *b"\"items\"";
                self.key = if is_items { Key::Items } else { Key::Other };
            }
            return at + 1;
        }
        match byte {
            b'"' => {
                self.in_string = true;
                self.key_start = self.envelope.len() - 1;
                self.key = Key::Other;
            }
            b':' if self.key == Key::Items => self.key = Key::ItemsColon,
            b'[' if self.key == Key::ItemsColon => {
                self.place = Place::BetweenItems;
                self.key = Key::Other;
            }
            b'{' | b'[' => {
                self.depth += 1;
                self.key = Key::Other;
            }
            b'}' | b']' => self.depth = self.depth.saturating_sub(1),
            b' ' | b'\n' | b'\t' | b'\r' => {}
            _ => self.key = Key::Other,
        }
        at + 1
    }

    fn between_items(&mut self, piece: &[u8], at: usize) -> usize {
        match piece[at] {
            b'{' => {
                self.place = Place::Item;
                self.depth = 0;
                // The brace itself belongs to the object.
                return at;
            }
            b']' => {
                self.envelope.push(b']');
                self.place = Place::Envelope;
                self.depth = 1;
            }
            _ => {}
        }
        at + 1
    }

    /// Goes on to the end of the object, or of the piece.
    fn item_bytes(&mut self, piece: &[u8], start: usize, each: &mut dyn FnMut(&[u8])) -> usize {
        let mut at = start;
        while at < piece.len() {
            let byte = piece[at];
            at += 1;
            if self.in_string {
                if self.escaped {
                    self.escaped = false;
                } else if byte == b'\\' {
                    self.escaped = true;
                } else if byte == b'"' {
                    self.in_string = false;
                }
                continue;
            }
            match byte {
                b'"' => self.in_string = true,
                b'{' => self.depth += 1,
                b'}' => {
                    self.depth -= 1;
                    if self.depth == 0 {
                        self.item_ends(&piece[start..at], each);
                        return at;
                    }
                }
                _ => {}
            }
        }
        self.item.extend_from_slice(&piece[start..]);
        at
    }

    fn item_ends(&mut self, rest: &[u8], each: &mut dyn FnMut(&[u8])) {
        self.place = Place::BetweenItems;
        if self.item.is_empty() {
            return each(rest);
        }
        self.item.extend_from_slice(rest);
        each(&self.item);
        self.item.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Objects and version of a list that arrives in pieces of a size.
    fn taken(text: &str, size: usize) -> (Vec<String>, Result<String, String>) {
        let mut body = ListBody::default();
        let mut items = Vec::new();
        for piece in text.as_bytes().chunks(size) {
            body.feed(piece, &mut |item| items.push(String::from_utf8(item.to_vec()).unwrap()));
        }
        (items, body.finish().map(|head| head.metadata.resource_version).map_err(|e| e.to_string()))
    }

    #[test]
    fn objects_are_found_however_the_body_is_cut_and_its_fields_are_ordered() {
        let one = r#"{"metadata":{"name":"a}\"]{","items":[{"x":1}]}}"#;
        let two = r#"{ "b" : [ {}, {"c": "\\"} ] }"#;
        for text in [
            format!(r#"{{"kind":"PodList","metadata":{{"resourceVersion":"7"}},"items":[{one},{two}]}}"#),
            format!(
                "{{\"apiVersion\":\"v1\", \"items\" :\n[ {one} ,\n{two} ], \"kind\":\"items\",\"metadata\":{{\"items\":[1],\"resourceVersion\":\"7\"}} }}\n"
            ),
        ] {
            for size in [1, 2, 7, 4096] {
                assert_eq!(taken(&text, size), (vec![one.to_owned(), two.to_owned()], Ok("7".into())));
            }
        }
    }

    #[test]
    fn a_list_without_objects_has_none() {
        let text = r#"{"kind":"items","metadata":{"resourceVersion":"7"},"items":null}"#;
        assert_eq!(taken(text, 5), (vec![], Ok("7".into())));
        let text = r#"{"items":[],"metadata":{"resourceVersion":"8"}}"#;
        assert_eq!(taken(text, 5), (vec![], Ok("8".into())));
    }

    #[test]
    fn a_list_that_ends_early_is_noticed() {
        let (items, end) = taken(r#"{"items":[{"a":1},{"b":"#, 3);
        assert_eq!(items, [r#"{"a":1}"#]);
        assert_eq!(end, Err("EOF while parsing a list at line 1 column 10".into()));
    }
}
