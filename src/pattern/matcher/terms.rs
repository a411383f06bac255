//! Term patterns: texts and regexes found in the message as it stands, whatever it is.

use memchr::memmem::Finder;

use crate::pattern::regex::Regex;
use crate::pattern::tree::Sign;
use crate::scan::need::Need;

/// A term made ready for searching.
#[derive(Clone, Debug)]
pub(crate) enum Needle {
    Text(Box<Finder<'static>>),
    Regex(Regex),
}

impl Needle {
    fn is_found_in(&self, message: &[u8]) -> bool {
        match self {
            Self::Text(finder) => finder.find(message).is_some(),
            Self::Regex(regex) => regex.is_found_in(message),
        }
    }

    fn need(&self) -> Need {
        match self {
            Self::Text(finder) => {
                std::str::from_utf8(finder.needle()).map_or(Need::Anything, Need::text)
            }
            Self::Regex(regex) => regex.need().clone(),
        }
    }
}

/// The terms of a pattern by what their presence means.
#[derive(Clone, Debug, Default)]
pub(crate) struct Terms {
    required: Vec<Needle>,
    excluded: Vec<Needle>,
    /// At least one of these, unless there are none.
    optional: Vec<Needle>,
}

impl Terms {
    /// Sorts terms by their sign; `?` terms only count when there are no others.
    pub(crate) fn new(terms: Vec<(Sign, Needle)>) -> Self {
        let mut sorted = Self::default();
        for (sign, needle) in terms {
            match sign {
                Sign::Required => sorted.required.push(needle),
                Sign::Excluded => sorted.excluded.push(needle),
                Sign::Optional => sorted.optional.push(needle),
            }
        }
        if !(sorted.required.is_empty() && sorted.excluded.is_empty()) {
            sorted.optional.clear();
        }
        sorted
    }

    /// Returns whether a message has the terms that it must have and none of those that it must not.
    pub(crate) fn match_message(&self, message: &[u8]) -> bool {
        let found = |needle: &Needle| needle.is_found_in(message);
        self.required.iter().all(found)
            && !self.excluded.iter().any(found)
            && (self.optional.is_empty() || self.optional.iter().any(found))
    }

    /// Derives what the bytes of every matching line hold.
    pub(crate) fn need(&self) -> Need {
        let one_of = self.optional.iter().map(Needle::need).reduce(Need::or);
        let required = self.required.iter().map(Needle::need);
        required.fold(one_of.unwrap_or(Need::Anything), Need::and)
    }
}
