//! How do several pieces of user data travel as one (aws 4.5, 4.6)?
//!
//! Parts that come in multipart form keep their headers and their bytes; only the border between them is our own.

/// Content type of shell scripts.
pub(super) const SHELL: &str = "text/x-shellscript; charset=\"us-ascii\"";
/// Content type of settings for nodeadm.
pub(super) const NODE_CONFIG: &str = "application/node.eks.aws";
const BORDER: &str = "//";

/// One piece.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part {
    /// Header lines, without line ends.
    headers: Vec<String>,
    body: String,
}

impl Part {
    /// A piece of a content type.
    pub(super) fn new(content_type: &str, body: &str) -> Self {
        Part { headers: vec![format!("Content-Type: {content_type}")], body: body.replace('\r', "") }
    }
}

/// Whether a text is in multipart form, by how it starts.
pub(super) fn is_mime(text: &str) -> bool {
    let start = text.trim_start();
    start.starts_with("MIME-Version:") || start.starts_with("Content-Type:")
}

/// Takes a multipart text apart.
///
/// # Errors
/// What is wrong with it, and what would be right.
pub(super) fn parse(text: &str) -> Result<Vec<Part>, String> {
    let text = text.replace('\r', "");
    let (head, rest) = text
        .trim_start()
        .split_once("\n\n")
        .ok_or("it begins like MIME, but no empty line ends its headers; add one")?;
    let border = border(head)?;
    let mut parts = Vec::new();
    let mut lines: Option<Vec<&str>> = None;
    for line in rest.split('\n') {
        let is_last = line.trim_end() == format!("--{border}--");
        if is_last || line.trim_end() == format!("--{border}") {
            parts.extend(lines.take().map(|lines| part(&lines)).transpose()?);
            if is_last {
                return Ok(parts);
            }
            lines = Some(Vec::new());
        } else if let Some(lines) = &mut lines {
            lines.push(line);
        }
    }
    Err(format!("the line --{border}-- that ends multipart data is missing; add it"))
}

/// The border that the headers name.
fn border(head: &str) -> Result<String, String> {
    // A line that begins with a blank goes on with the header before it.
    let head = head.replace("\n ", " ").replace("\n\t", " ");
    let content_type = head
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.trim().eq_ignore_ascii_case("content-type"))
        .map(|(_, value)| value.trim().to_owned())
        .ok_or("it begins like MIME, but has no Content-Type header; add one")?;
    if !content_type.to_ascii_lowercase().starts_with("multipart/") {
        return Err(format!("its Content-Type is {content_type}; only multipart/mixed can be merged"));
    }
    let named = content_type.split(';').filter_map(|parameter| parameter.trim().split_once('='));
    named
        .filter(|(name, _)| name.trim().eq_ignore_ascii_case("boundary"))
        .map(|(_, value)| value.trim().trim_matches('"').to_owned())
        .find(|border| !border.is_empty())
        .ok_or_else(|| format!("its Content-Type {content_type} names no boundary; add one"))
}

fn part(lines: &[&str]) -> Result<Part, String> {
    let blank = lines.iter().position(|line| line.trim().is_empty());
    let blank = blank.ok_or("a part has no empty line between headers and content; add one")?;
    Ok(Part {
        headers: lines[..blank].iter().map(|line| (*line).to_owned()).collect(),
        body: lines[blank + 1..].join("\n"),
    })
}

/// Puts parts together.
pub(super) fn write(parts: &[Part]) -> String {
    let mut text = format!("MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=\"{BORDER}\"\n\n");
    for part in parts {
        text.push_str(&format!(
            "--{BORDER}\n{}\n\n{}\n",
            part.headers.join("\n"),
            part.body.trim_end_matches('\n')
        ));
    }
    text.push_str(&format!("--{BORDER}--\n"));
    text
}
