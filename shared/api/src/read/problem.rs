//! What keeps an input from being read: which file and object, which field, and what to write instead.

use std::fmt;
use std::sync::Arc;

/// Where an object stands in the input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// File, or `stdin`.
    pub file: Arc<str>,
    /// Number of the document in the file, from 1.
    pub document: usize,
    /// Number of the item in its list, from 1.
    pub item: Option<usize>,
    /// Line in the file, from 1, where it is known.
    pub line: Option<usize>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file)?;
        self.line.map_or(Ok(()), |line| write!(f, ":{line}"))?;
        write!(f, ": document {}", self.document)?;
        self.item.map_or(Ok(()), |item| write!(f, ", item {item}"))
    }
}

/// Most characters of a problem that are shown.
const LONGEST_PROBLEM: usize = 400;

/// Something in the input that cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadError {
    /// Where it stands; `None` when no file could be opened at all.
    pub place: Option<Place>,
    /// Kind and name of the object, as far as they are known.
    pub object: Option<String>,
    /// Path of the field.
    pub field: Option<String>,
    /// What is wrong.
    pub problem: String,
    /// What to write instead.
    pub remedy: String,
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.place.as_ref().map_or(Ok(()), |place| write!(f, "{place}: "))?;
        self.object.as_ref().map_or(Ok(()), |object| write!(f, "{object}: "))?;
        self.field.as_ref().map_or(Ok(()), |field| write!(f, "{field}: "))?;
        match self.problem.char_indices().nth(LONGEST_PROBLEM) {
            // A problem may quote the input, and that may be all of a large file.
            Some((end, _)) => write!(f, "{}...; {}", &self.problem[..end], self.remedy),
            None => write!(f, "{}; {}", self.problem, self.remedy),
        }
    }
}

/// Everything in the input that cannot be taken, in the order it was met.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReadErrors(pub Vec<ReadError>);

impl fmt::Display for ReadErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.0.iter().enumerate() {
            write!(f, "{}{error}", if index == 0 { "" } else { "\n" })?;
        }
        Ok(())
    }
}

impl std::error::Error for ReadErrors {}

/// A fault in one object, told by the code that knows the field but not the place of the object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Problem {
    /// Path of the field inside the object.
    pub(super) path: String,
    /// What is wrong.
    pub(super) what: String,
    /// What to write instead.
    pub(super) remedy: String,
}

impl Problem {
    /// A fault in the field named.
    pub(super) fn new(path: impl Into<String>, what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Problem { path: path.into(), what: what.into(), remedy: remedy.into() }
    }

    /// A required field that is not there.
    pub(super) fn missing(path: &str, remedy: &str) -> Self {
        Problem::new(path, "is missing", remedy)
    }

    /// The same fault, seen from the field that holds the one named so far.
    pub(super) fn under(mut self, parent: impl fmt::Display) -> Self {
        let dot = if self.path.is_empty() || self.path.starts_with('[') { "" } else { "." };
        self.path = format!("{parent}{dot}{}", self.path);
        self
    }

    /// The same fault in the element at a position of a list.
    pub(super) fn at(self, index: usize) -> Self {
        self.under(format_args!("[{index}]"))
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}; {}", self.path, self.what, self.remedy)
    }
}

impl From<Problem> for Vec<Problem> {
    fn from(problem: Problem) -> Self {
        vec![problem]
    }
}

/// Converts each element of a list, telling which one is at fault.
pub(super) fn each<W, T>(
    list: &[W],
    mut convert: impl FnMut(&W) -> Result<T, Problem>,
) -> Result<Vec<T>, Problem> {
    list.iter().enumerate().map(|(index, wire)| convert(wire).map_err(|p| p.at(index))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_told_with_the_whole_path_of_the_field() {
        let problem = Problem::missing("operator", "write In").at(2).under("matchExpressions").under("spec");
        assert_eq!(problem.to_string(), "spec.matchExpressions[2].operator: is missing; write In");
    }

    #[test]
    fn a_problem_that_quotes_a_whole_file_is_cut() {
        let error = |problem: String| ReadError {
            place: None,
            object: None,
            field: None,
            problem,
            remedy: "shorten it".to_owned(),
        };
        assert_eq!(error("é".repeat(400)).to_string(), format!("{}; shorten it", "é".repeat(400)));
        assert_eq!(error("é".repeat(5000)).to_string(), format!("{}...; shorten it", "é".repeat(400)));
    }
}
