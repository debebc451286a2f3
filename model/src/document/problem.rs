//! What is wrong with a document, where, and what to do about it.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// Which of the [`Sources`] something stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(usize);

/// A range of bytes in one of the [`Sources`].
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Span {
    /// The source.
    pub file: FileId,
    /// Bytes of its text.
    pub bytes: Range<usize>,
}

/// A text that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Path or description, as shown to the user.
    pub name: String,
    /// The text itself.
    pub text: Arc<str>,
    /// Whether it is an override given on the command line rather than a file.
    pub is_override: bool,
}

/// Every text read so far; spans point into it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sources(Vec<Source>);

impl Sources {
    /// Adds a file.
    pub fn add_file(&mut self, name: impl Into<String>, text: impl Into<Arc<str>>) -> FileId {
        self.add(Source {
            name: name.into(),
            text: text.into(),
            is_override: false,
        })
    }

    /// Adds an override given on the command line.
    pub fn add_override(&mut self, name: impl Into<String>, text: impl Into<Arc<str>>) -> FileId {
        self.add(Source {
            name: name.into(),
            text: text.into(),
            is_override: true,
        })
    }

    fn add(&mut self, source: Source) -> FileId {
        self.0.push(source);
        FileId(self.0.len() - 1)
    }

    /// The texts in the order they were read.
    pub fn iter(&self) -> impl Iterator<Item = &Source> {
        self.0.iter()
    }

    /// The source a span stands in.
    ///
    /// # Panics
    /// If the span belongs to another set of sources.
    pub fn get(&self, file: FileId) -> &Source {
        &self.0[file.0]
    }

    /// Line and column of a span's start, both from 1; columns count characters.
    pub fn line_and_column(&self, span: &Span) -> (usize, usize) {
        let text = &self.get(span.file).text;
        let mut start = span.bytes.start.min(text.len());
        while !text.is_char_boundary(start) {
            start -= 1;
        }
        let before = &text[..start];
        let line = before.matches('\n').count() + 1;
        let column = before
            .rsplit('\n')
            .next()
            .unwrap_or_default()
            .chars()
            .count()
            + 1;
        (line, column)
    }
}

/// How bad a [`Problem`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The document can be used, with care.
    Warning,
    /// The document cannot be used.
    Error,
}

/// One thing wrong with a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong, in one sentence.
    pub message: String,
    /// Where, if it stands somewhere.
    pub span: Option<Span>,
    /// What to write under the place.
    pub label: String,
    /// What to do about it.
    pub help: Option<String>,
}

impl Problem {
    /// An error at a place.
    pub fn error(message: impl Into<String>, span: &Span, label: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            message: message.into(),
            span: Some(span.clone()),
            label: label.into(),
            help: None,
        }
    }

    /// An error that stands nowhere in particular.
    pub fn general(message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            message: message.into(),
            span: None,
            label: String::new(),
            help: None,
        }
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// Everything wrong with a document and the files it refers to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problems {
    /// The texts the spans point into.
    pub sources: Sources,
    /// The problems, in the order they were found. Never empty.
    pub problems: Vec<Problem>,
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            if let Some(span) = &problem.span {
                let source = self.sources.get(span.file);
                let (line, column) = self.sources.line_and_column(span);
                if source.is_override {
                    write!(f, "{}: ", source.name)?;
                } else {
                    write!(f, "{}:{line}:{column}: ", source.name)?;
                }
            }
            write!(f, "{}", problem.message)?;
            if !problem.label.is_empty() {
                write!(f, " ({})", problem.label)?;
            }
            if let Some(help) = &problem.help {
                write!(f, "; {help}")?;
            }
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}
