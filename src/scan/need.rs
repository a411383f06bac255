//! What the bytes of a line must hold for the line to matter: the raw-byte test that comes before any parsing.

/// A condition on a line's bytes that every line of interest meets; lines that meet it are looked at properly.
///
/// It may let through lines of no interest, and must never rule out one of interest. The text of a line may be
/// inside JSON (once, or twice in an envelope), where any character can be spelled `\u0045`: the search allows
/// for that, see [`Need::text`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Need {
    /// Nothing is known: every line must be looked at.
    Anything,
    /// The line holds these bytes, or one of its characters is spelled as a `\u00` escape.
    Text(String),
    /// The line holds these bytes as the whole of a JSON string, or one of its characters as a `\u00` escape.
    Whole(String),
    /// All of these hold.
    All(Vec<Need>),
    /// At least one of these holds.
    Any(Vec<Need>),
}

impl Need {
    /// Returns the need for a text that occurs in a decoded value or in the raw line.
    ///
    /// Only characters that JSON leaves as they are can be searched for as bytes: the longest run of those is
    /// kept, and what has none needs `Anything`. Quotes, backslashes, slashes, control characters and all beyond
    /// ASCII have several spellings.
    pub fn text(text: &str) -> Self {
        text.split(|c| !is_safe(c))
            .max_by_key(|run| run.len())
            .filter(|run| run.len() >= 2)
            .map_or(Self::Anything, |run| Self::Text(run.to_owned()))
    }

    /// Returns the need for a JSON string that equals `text`: rules out more than [`Need::text`] where it can.
    ///
    /// Only for conditions that no line meets whose message is not JSON.
    pub fn whole(text: &str) -> Self {
        if !text.is_empty() && text.chars().all(is_safe) {
            Self::Whole(text.to_owned())
        } else {
            Self::text(text)
        }
    }

    /// Returns the need that both hold.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Anything, need) | (need, Self::Anything) => need,
            (Self::All(mut all), Self::All(more)) => {
                all.extend(more);
                Self::All(all)
            }
            (Self::All(mut all), need) | (need, Self::All(mut all)) => {
                all.push(need);
                Self::All(all)
            }
            (one, other) => Self::All(vec![one, other]),
        }
    }

    /// Returns the need that at least one holds.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Anything, _) | (_, Self::Anything) => Self::Anything,
            (Self::Any(mut any), Self::Any(more)) => {
                any.extend(more);
                Self::Any(any)
            }
            (Self::Any(mut any), need) | (need, Self::Any(mut any)) => {
                any.push(need);
                Self::Any(any)
            }
            (one, other) => Self::Any(vec![one, other]),
        }
    }
}

/// Whether JSON writers leave a character as it is, at one level of escaping or two.
fn is_safe(c: char) -> bool {
    c.is_ascii_graphic() && !matches!(c, '"' | '\\' | '/') || c == ' '
}
