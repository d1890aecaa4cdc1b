//! Where in a JSON text did reading stop: the path of the field, found again from the position of the fault.

use serde_json::Error;

/// What the reader said, without the position it appends.
pub(super) fn message(error: &Error) -> String {
    let text = error.to_string();
    match text.rfind(" at line ") {
        Some(end) => text[..end].to_owned(),
        None => text,
    }
}

/// Byte offset of the position an error names; the end of the text when it names none.
pub(super) fn offset(text: &str, error: &Error) -> usize {
    let line_start: usize =
        text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum();
    (line_start + error.column()).min(text.len())
}

/// Number of the line, from 1, that a byte stands on.
pub(super) fn line_of(text: &str, offset: usize) -> usize {
    1 + text.as_bytes()[..offset.min(text.len())].iter().filter(|byte| **byte == b'\n').count()
}

enum Level {
    Object { key: Option<String>, expects_key: bool },
    Array { index: usize },
}

/// Path of the field whose value stands at, or ends just before, a byte offset of a JSON text.
pub(super) fn path_at(text: &str, offset: usize) -> String {
    let mut levels: Vec<Level> = Vec::new();
    let bytes = text.as_bytes();
    let mut at = 0;
    // The position reported lies just behind the offending value, so what begins there is no longer looked at.
    while at < offset.min(bytes.len()) {
        match bytes[at] {
            b'{' => levels.push(Level::Object { key: None, expects_key: true }),
            b'[' => levels.push(Level::Array { index: 0 }),
            b'}' | b']' if at + 1 < offset => drop(levels.pop()),
            b',' if at + 1 < offset => match levels.last_mut() {
                Some(Level::Object { expects_key, .. }) => *expects_key = true,
                Some(Level::Array { index }) => *index += 1,
                None => {}
            },
            b'"' => {
                let end = end_of_string(bytes, at);
                if let Some(Level::Object { key, expects_key: expects_key @ true }) = levels.last_mut() {
                    *key = Some(String::from_utf8_lossy(&bytes[at + 1..end.min(bytes.len())]).into_owned());
                    *expects_key = false;
                }
                at = end;
            }
            _ => {}
        }
        at += 1;
    }
    render(&levels)
}

fn end_of_string(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while at < bytes.len() && bytes[at] != b'"' {
        at += if bytes[at] == b'\\' { 2 } else { 1 };
    }
    at
}

fn render(levels: &[Level]) -> String {
    let mut path = String::new();
    for level in levels {
        match level {
            Level::Object { key: Some(key), .. } if path.is_empty() => path.push_str(key),
            Level::Object { key: Some(key), .. } => {
                path.push('.');
                path.push_str(key);
            }
            Level::Object { key: None, .. } => {}
            Level::Array { index } => path.push_str(&format!("[{index}]")),
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_field_at_fault_is_found_again() {
        #[derive(Debug, serde::Deserialize)]
        struct Inner {
            #[serde(rename = "n")]
            _n: i32,
        }
        #[derive(Debug, serde::Deserialize)]
        struct Outer {
            #[serde(rename = "list")]
            _list: Vec<Inner>,
        }
        let text = "{\"other\": {\"n\": \"{[\"},\n \"list\": [{\"n\": 1}, {\"m\": 2,\n\"n\": \"three\"}]}";
        let error = serde_json::from_str::<Outer>(text).unwrap_err();
        let at = offset(text, &error);
        assert_eq!((path_at(text, at).as_str(), line_of(text, at)), ("list[1].n", 3));
        assert_eq!(message(&error), "invalid type: string \"three\", expected i32");
    }
}
