//! Values with `*`: pieces found one after the other, each as far left as it goes, without going back.
//!
//! That procedure is what the service has been seen to do. It differs from a shell glob when a piece occurs
//! more than once: `*ab` does not match `ab ab`, since the first `ab` is taken and does not end the text.

use memchr::memmem::Finder;

/// A value with at least one `*`.
#[derive(Clone, Debug)]
pub(crate) struct Wildcard {
    /// What the text begins with: the piece before the first `*`.
    prefix: Vec<u8>,
    /// The pieces behind a `*`, in order.
    pieces: Vec<Finder<'static>>,
    /// Whether the value ends in `*`, so that anything may follow the last piece.
    open: bool,
}

impl Wildcard {
    /// Compiles a value; nothing when it holds no `*`.
    pub(crate) fn compile(value: &str) -> Option<Self> {
        let (prefix, rest) = value.split_once('*')?;
        let open = value.ends_with('*');
        let pieces = rest.split('*').filter(|piece| !piece.is_empty());
        Some(Self {
            prefix: prefix.into(),
            pieces: pieces
                .map(|piece| Finder::new(piece).into_owned())
                .collect(),
            open,
        })
    }

    /// Returns whether the whole text is of this form.
    pub(crate) fn matches(&self, text: &[u8]) -> bool {
        let Some(mut rest) = text.strip_prefix(self.prefix.as_slice()) else {
            return false;
        };
        for piece in &self.pieces {
            let Some(at) = piece.find(rest) else {
                return false;
            };
            rest = &rest[at + piece.needle().len()..];
        }
        self.open || rest.is_empty()
    }

    /// Lists the texts that every matching text holds.
    pub(crate) fn literals(&self) -> impl Iterator<Item = &[u8]> {
        let pieces = self.pieces.iter().map(Finder::needle);
        std::iter::once(self.prefix.as_slice()).chain(pieces)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(value: &str, text: &str) -> bool {
        Wildcard::compile(value)
            .expect("has a *")
            .matches(text.as_bytes())
    }

    #[test]
    fn pieces_are_taken_leftmost() {
        for (value, text) in [
            ("*", ""),
            ("**", "any"),
            ("Event*", "Event"),
            ("*b*", "abc"),
            ("a*b", "ab"),
            ("a*b*c", "a-b-b-c"),
            ("*.111.111.111", "111.111.111.111"),
            ("a**c", "abc"),
        ] {
            assert!(matches(value, text), "{value} {text}");
        }
        for (value, text) in [
            ("a*a", "a"),
            ("*111.111", "111.111.111.111"),
            ("*ab", "ab ab"),
            ("a*", "ba"),
            ("*b*c", "ac"),
        ] {
            assert!(!matches(value, text), "{value} {text}");
        }
    }
}
