//! Records that are no whole JSON: how many, and what is wrong with them.

use std::ops::AddAssign;

use crate::decode::json::Malformed;

/// How many records were broken and read as far as they go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Broken {
    /// Those that end too early, as of a program that was killed while it wrote.
    pub cut: u64,
    /// Those that stop being JSON before their end.
    pub malformed: u64,
}

impl Broken {
    /// Counts a record by the place where it stops being JSON, if it does.
    pub fn count(&mut self, fault: Option<Malformed>) {
        match fault {
            Some(Malformed { cut: true, .. }) => self.cut += 1,
            Some(_) => self.malformed += 1,
            None => {}
        }
    }

    /// Returns how many there are.
    pub fn total(self) -> u64 {
        self.cut + self.malformed
    }
}

impl AddAssign for Broken {
    fn add_assign(&mut self, other: Self) {
        self.cut += other.cut;
        self.malformed += other.malformed;
    }
}
