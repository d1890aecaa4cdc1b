//! Where does each line of a watch end?

/// Takes a stream apart into lines.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    /// The beginning of a line whose end has not arrived.
    begun: Vec<u8>,
}

impl Lines {
    /// Takes the next piece and hands out every line that ends in it; empty ones are left out.
    pub(crate) fn feed(&mut self, piece: &[u8], each: &mut dyn FnMut(&[u8])) {
        let mut rest = piece;
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            let (line, after) = rest.split_at(end);
            rest = &after[1..];
            if self.begun.is_empty() {
                if !line.is_empty() {
                    each(line);
                }
                continue;
            }
            self.begun.extend_from_slice(line);
            each(&self.begun);
            self.begun.clear();
        }
        self.begun.extend_from_slice(rest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_found_however_the_stream_is_cut() {
        let text = "{\"a\":1}\n\n{\"b\":\"ä\"}\n{\"c\"";
        for size in [1, 3, 100] {
            let mut lines = Lines::default();
            let mut found = Vec::new();
            for piece in text.as_bytes().chunks(size) {
                lines.feed(piece, &mut |line| found.push(String::from_utf8(line.to_vec()).unwrap()));
            }
            assert_eq!(found, ["{\"a\":1}", "{\"b\":\"ä\"}"], "pieces of {size}");
        }
    }
}
