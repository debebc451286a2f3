//! Problems as a person reads them: what, where with the line itself, what to do about it.

use std::fmt;

use miette::{
    Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, NamedSource, SourceCode,
    ThemeCharacters, ThemeStyles,
};
use tonnage_model::document::{Problem, Severity, Source, Sources};

use crate::failure::Advice;
use crate::library;
use crate::text;

/// How problems are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    /// With colours and box drawing.
    Colored,
    /// With box drawing.
    Drawn,
    /// In ASCII.
    Plain,
}

/// A problem of a document.
pub(crate) fn problem(sources: &Sources, problem: &Problem, style: Style) -> String {
    let source = problem.span.as_ref().map(|span| sources.get(span.file));
    let mut shown = Shown {
        message: text::printable(&problem.message),
        help: problem.help.as_deref().map(text::printable),
        severity: problem.severity,
        code: None,
        label: None,
    };
    match (source, &problem.span) {
        // There is no line to show in an empty text.
        (Some(source), Some(_)) if source.text.is_empty() => {
            shown.message = format!("{}: {}", name_of(source), shown.message);
        }
        (Some(source), Some(span)) => {
            let code = visible(&source.text);
            let bytes = within(&code, span.bytes.clone());
            let label = Some(text::printable(&problem.label)).filter(|label| !label.is_empty());
            shown.label = Some(LabeledSpan::new(label, bytes.start, bytes.len()));
            shown.code = Some(NamedSource::new(name_of(source), code));
        }
        _ => {}
    }
    render(&shown, style)
}

/// A failure that stands in no document.
pub(crate) fn advice(advice: &Advice, style: Style) -> String {
    let shown = Shown {
        message: text::printable(&advice.message),
        help: advice.help.as_deref().map(text::printable),
        severity: Severity::Error,
        code: None,
        label: None,
    };
    render(&shown, style)
}

fn name_of(source: &Source) -> String {
    text::printable(library::shown(&source.name))
}

/// The text with what a terminal would act upon made visible. Bytes keep their places.
fn visible(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\n' | '\t' | '\r' => c.to_string(),
            _ if c.is_control() => "?".repeat(c.len_utf8()),
            _ => c.to_string(),
        })
        .collect()
}

/// A range inside the text, on borders of characters; at most its first line, since a caret under
/// many lines shows nothing.
fn within(text: &str, bytes: std::ops::Range<usize>) -> std::ops::Range<usize> {
    let start = text.floor_char_boundary(bytes.start.min(text.len()));
    let end = text.ceil_char_boundary(bytes.end.clamp(start, text.len()));
    let line = text[start..end].find('\n').unwrap_or(end - start);
    start..start + line
}

fn render(shown: &Shown, style: Style) -> String {
    let theme = match style {
        Style::Colored => GraphicalTheme::unicode(),
        Style::Drawn => GraphicalTheme::unicode_nocolor(),
        Style::Plain => GraphicalTheme {
            characters: ThemeCharacters {
                error: "error:".to_owned(),
                warning: "warning:".to_owned(),
                ..ThemeCharacters::ascii()
            },
            styles: ThemeStyles::none(),
        },
    };
    let mut drawn = String::new();
    // Lines are left as they are: a path that is broken in two can be neither copied nor searched.
    let handler = GraphicalReportHandler::new_themed(theme)
        .with_wrap_lines(false)
        .with_links(false);
    // Writing to a string does not fail; if drawing does, the message itself is what counts.
    if handler.render_report(&mut drawn, shown).is_err() {
        return shown.message.clone();
    }
    drawn.trim_start_matches([' ', '\n']).to_owned()
}

/// A problem the way the renderer wants it.
#[derive(Debug)]
struct Shown {
    message: String,
    help: Option<String>,
    severity: Severity,
    code: Option<NamedSource<String>>,
    label: Option<LabeledSpan>,
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Shown {}

impl Diagnostic for Shown {
    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.severity {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
        })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        let help = self.help.as_ref()?;
        Some(Box::new(help))
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        let code = self.code.as_ref()?;
        Some(code)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let label = self.label.clone()?;
        Some(Box::new(std::iter::once(label)))
    }
}
