//! Errors: every problem of an input at once, each with a stable code, its column, row and value, and what is allowed.

use std::fmt;

/// Number of problems that are kept of one input; those beyond are only counted.
pub const KEPT: usize = 1000;

/// Number of problems that a message spells out; the rest are counted.
const SPELLED_OUT: usize = 20;

/// Characters of a text that a message shows.
const SHOWN: usize = 200;

/// The kind of a problem, for a program that reads errors. Names are stable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Code {
    /// An argument whose value is not allowed.
    Argument,
    /// A column that is needed and not there.
    MissingColumn,
    /// A column that is read and stands in the table more than once.
    DuplicateColumn,
    /// An argument or a column of a type that is not allowed.
    WrongType,
    /// A null where a value is needed.
    Null,
    /// A value of a column that is not allowed.
    NotAllowed,
    /// A label, a row or a term that must be unique.
    Duplicate,
    /// A label that its other table, model or formula does not have.
    UnknownLabel,
    /// A label that must have a row and has none.
    MissingLabel,
    /// A table without rows.
    Empty,
    /// Tables, columns or arguments that contradict each other.
    Inconsistent,
    /// A table, a stream or a file that cannot be read.
    Unreadable,
    /// A path that cannot be written to, or whose ending is not known.
    Path,
    /// Input beyond what memory, totals or searches hold.
    TooLarge,
    /// A result that does not exist, or that cannot be computed to its tolerance.
    NotComputable,
    /// A package that an optional part needs and that is not installed.
    MissingPackage,
    /// Work that was stopped.
    Interrupted,
}

impl Code {
    /// Every code with its name.
    pub const ALL: [(Code, &'static str); 17] = [
        (Code::Argument, "argument"),
        (Code::MissingColumn, "missing_column"),
        (Code::DuplicateColumn, "duplicate_column"),
        (Code::WrongType, "wrong_type"),
        (Code::Null, "null"),
        (Code::NotAllowed, "not_allowed"),
        (Code::Duplicate, "duplicate"),
        (Code::UnknownLabel, "unknown_label"),
        (Code::MissingLabel, "missing_label"),
        (Code::Empty, "empty"),
        (Code::Inconsistent, "inconsistent"),
        (Code::Unreadable, "unreadable"),
        (Code::Path, "path"),
        (Code::TooLarge, "too_large"),
        (Code::NotComputable, "not_computable"),
        (Code::MissingPackage, "missing_package"),
        (Code::Interrupted, "interrupted"),
    ];

    /// The name of the code.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(code, _)| *code == self).map_or("", |(_, name)| name)
    }
}

/// A value that is not allowed: displayed as in messages, text in quotes.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A number.
    Number(f64),
    /// A whole number.
    Integer(i64),
    /// A text.
    Text(String),
    /// A null.
    Null,
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // Without hundreds of digits.
            Value::Number(x) if x.is_finite() && *x != 0.0 && !(1e-6..1e17).contains(&x.abs()) => {
                write!(f, "{x:e}")
            }
            Value::Number(number) => write!(f, "{number}"),
            Value::Integer(number) => write!(f, "{number}"),
            Value::Text(text) => match text.char_indices().nth(SHOWN) {
                Some((end, _)) => write!(f, "'{}...'", &text[..end]),
                None => write!(f, "'{text}'"),
            },
            Value::Null => f.write_str("null"),
        }
    }
}

impl From<f64> for Value {
    fn from(number: f64) -> Self {
        Value::Number(number)
    }
}

impl From<u32> for Value {
    fn from(number: u32) -> Self {
        Value::Integer(number.into())
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Value::Text(text.into())
    }
}

/// One thing that is wrong with an input.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem {
    /// What kind of problem it is.
    pub code: Code,
    /// The message.
    pub text: String,
    /// The column, or the argument.
    pub column: Option<String>,
    /// The row, counted from 0.
    pub row: Option<u64>,
    /// The value that is not allowed.
    pub value: Option<Value>,
    /// What is allowed.
    pub allowed: Option<String>,
}

impl Problem {
    /// A problem of which there is no more to say than its message.
    pub fn new(code: Code, text: impl Into<String>) -> Self {
        Self { code, text: text.into(), column: None, row: None, value: None, allowed: None }
    }

    /// A value of an argument that is not allowed.
    pub fn argument(name: &str, value: impl Into<Value>, allowed: &str) -> Self {
        let value = value.into();
        let text = format!("{name} is {value}: must be {allowed}");
        Self { value: Some(value), ..Self::new(Code::Argument, text).of(name).must_be(allowed) }
    }

    /// A value in a column of a table, at a row counted from 0.
    pub fn cell(code: Code, column: &str, row: u64, value: impl Into<Value>, allowed: &str) -> Self {
        let value = value.into();
        let text = format!("column '{column}', row {row}: {value}: must be {allowed}");
        let problem = Self::new(code, text).of(column).must_be(allowed);
        Self { row: Some(row), value: Some(value), ..problem }
    }

    /// A null in a column where a value is needed.
    pub fn null(column: &str, row: u64, allowed: &str) -> Self {
        Self::cell(Code::Null, column, row, Value::Null, allowed)
    }

    /// A value in a column that stands in an earlier row already.
    pub fn duplicate(column: &str, row: u64, value: impl Into<Value>, first: u64) -> Self {
        let value = value.into();
        let text =
            format!("column '{column}', row {row}: {value} is a duplicate of row {first}: must be unique");
        let problem = Self::new(Code::Duplicate, text).of(column).must_be("unique");
        Self { row: Some(row), value: Some(value), ..problem }
    }

    /// A column that is needed and not in a table that has these columns.
    pub fn missing_column(column: &str, table: &str, columns: &[&str]) -> Self {
        let has = if columns.is_empty() { "no columns".into() } else { columns.join(", ") };
        Self::new(Code::MissingColumn, format!("column '{column}' is missing: {table} has {has}")).of(column)
    }

    /// Whether the problem is one of a whole table that stands among these already: a missing column is missing in
    /// every batch, and a type is wrong in all.
    pub fn is_repeated_in(&self, problems: &[Problem]) -> bool {
        let same =
            |other: &Problem| other == self || (other.code == Code::WrongType && other.column == self.column);
        match (self.code, self.row) {
            (Code::WrongType, _) => problems.iter().any(same),
            (_, None) => problems.contains(self),
            _ => false,
        }
    }

    /// The same problem of this column or argument.
    pub fn of(self, column: &str) -> Self {
        Self { column: Some(column.into()), ..self }
    }

    /// The same problem with what is allowed.
    pub fn must_be(self, allowed: &str) -> Self {
        Self { allowed: Some(allowed.into()), ..self }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Whether a value is wrong, or its type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// A value, a column or a label.
    Value,
    /// Types alone.
    Type,
}

/// Error of an input that is rejected: all its problems.
#[derive(Clone, Debug, PartialEq)]
pub struct Error {
    /// Whether values are wrong, or types alone.
    pub kind: ErrorKind,
    /// The problems that are kept.
    pub problems: Vec<Problem>,
    /// How many more were found.
    pub more: u64,
}

impl Error {
    /// An error of one problem.
    pub fn one(code: Code, text: impl Into<String>) -> Self {
        Self::many(vec![Problem::new(code, text)])
    }

    /// An error of several problems.
    pub fn many(mut problems: Vec<Problem>) -> Self {
        let more = problems.len().saturating_sub(KEPT) as u64;
        problems.truncate(KEPT);
        Self { kind: ErrorKind::Value, problems, more }
    }

    /// Adds the problems of another part of the same input.
    pub fn merge(&mut self, other: Error) {
        if other.kind == ErrorKind::Value {
            self.kind = ErrorKind::Value;
        }
        self.more += other.more;
        for problem in other.problems {
            if problem.is_repeated_in(&self.problems) {
                continue;
            }
            if self.problems.len() >= KEPT {
                self.more += 1;
            } else {
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

    /// Nothing where there are no problems, else their error.
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
