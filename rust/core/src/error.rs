//! Errors: every problem of an input at once, each by name with what is allowed.

use std::fmt;

/// Number of problems that are kept of one input; those beyond are only counted.
pub const KEPT: usize = 1000;

/// Number of problems that a message spells out; the rest are counted.
const SPELLED_OUT: usize = 20;

/// Problem of an input: one thing that is wrong with it, as a sentence.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem(String);

impl Problem {
    /// A problem that is told in this sentence.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Problem of an argument whose value is not allowed.
    pub fn argument(name: &str, value: impl fmt::Display, allowed: &str) -> Self {
        Self(format!("{name} is {value}: must be {allowed}"))
    }

    /// Problem of a value in a column of a table, at a row counted from 0.
    pub fn cell(column: &str, row: u64, value: impl fmt::Display, allowed: &str) -> Self {
        Self(format!("column '{column}', row {row}: {value}: must be {allowed}"))
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Kind of an error: is a value wrong, or its type?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// A value is not allowed: out of range, missing, repeated.
    Value,
    /// The type of an argument or a column is not allowed.
    Type,
}

/// Error of an input that is rejected: all its problems.
#[derive(Clone, Debug, PartialEq)]
pub struct Error {
    /// `Type` only where all problems are.
    pub kind: ErrorKind,
    /// The problems, in the order of the input; at most [`KEPT`].
    pub problems: Vec<Problem>,
    /// Problems found beyond those kept.
    pub more: u64,
}

impl Error {
    /// An error of one problem, a value.
    pub fn one(text: impl Into<String>) -> Self {
        Self::many(vec![Problem::new(text)])
    }

    /// An error of these problems, all of them values.
    pub fn many(problems: Vec<Problem>) -> Self {
        Self { kind: ErrorKind::Value, problems, more: 0 }
    }

    /// Adds the problems of another part of the same input.
    pub fn merge(&mut self, other: Error) {
        if other.kind == ErrorKind::Value {
            self.kind = ErrorKind::Value;
        }
        self.more += other.more;
        for problem in other.problems {
            // A missing column is missing in every part.
            if self.problems.len() >= KEPT {
                self.more += 1;
            } else if !self.problems.contains(&problem) {
                self.problems.push(problem);
            }
        }
    }

    /// Adds itself to the problems that there are already.
    pub fn join(self, all: &mut Option<Self>) {
        match all {
            Some(all) => all.merge(self),
            None => *all = Some(self),
        }
    }

    /// An error of these problems, if there are any.
    pub fn unless_empty(problems: Vec<Problem>) -> Result<(), Self> {
        if problems.is_empty() { Ok(()) } else { Err(Self::many(problems)) }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let total = self.problems.len() as u64 + self.more;
        if total == 1 {
            return write!(f, "{}", self.problems[0]);
        }
        write!(f, "{total} problems:")?;
        for problem in self.problems.iter().take(SPELLED_OUT) {
            write!(f, "\n- {problem}")?;
        }
        if total > SPELLED_OUT as u64 {
            write!(f, "\n- and {} more", total - SPELLED_OUT as u64)?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}
