//! What the page hears when something is wrong: what, where, what to do about it.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use tonnage_model::document::{Problem, Problems, Severity, Sources};

use crate::failure::{Advice, Failure};
use crate::library;

/// More problems than these at once have one cause, which the first ones show.
const MOST: usize = 20;

/// Why a request was not answered.
#[derive(Debug, Serialize)]
pub(super) struct Message {
    #[serde(skip)]
    status: StatusCode,
    /// Each thing that is wrong.
    problems: Vec<Told>,
}

/// One thing that is wrong.
#[derive(Debug, Serialize)]
struct Told {
    /// The key of the page's field that caused it, where one did.
    path: Option<String>,
    /// Where it stands, where that is in a file.
    at: Option<String>,
    message: String,
    label: String,
    help: Option<String>,
}

impl Message {
    /// A refusal in one sentence.
    pub(super) fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self {
            status,
            problems: vec![Told {
                path: None,
                at: None,
                message: message.into(),
                label: String::new(),
                help: None,
            }],
        }
    }

    /// The same with another status.
    pub(super) fn with_status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    /// A mistake of the program itself.
    pub(super) fn bug() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "this is a bug in Tonnage: the terminal shows where; please report it with what you set",
        )
    }
}

impl From<&Problems> for Message {
    fn from(problems: &Problems) -> Self {
        let errors = problems.problems.iter();
        Self {
            status: StatusCode::UNPROCESSABLE_ENTITY,
            problems: errors
                .filter(|problem| problem.severity == Severity::Error)
                .take(MOST)
                .map(|problem| told(&problems.sources, problem))
                .collect(),
        }
    }
}

impl From<Failure> for Message {
    fn from(failure: Failure) -> Self {
        let of = |status, advice: Advice| {
            let mut message = Self::new(status, advice.message);
            message.problems[0].help = advice.help;
            message
        };
        match failure {
            Failure::Document(problems) => Self::from(problems.as_ref()),
            Failure::Input(advice) => of(StatusCode::UNPROCESSABLE_ENTITY, advice),
            Failure::System(advice) => of(StatusCode::INTERNAL_SERVER_ERROR, advice),
            Failure::NobodyReads => Self::bug(),
        }
    }
}

impl IntoResponse for Message {
    fn into_response(self) -> Response {
        (self.status, Json(self)).into_response()
    }
}

fn told(sources: &Sources, problem: &Problem) -> Told {
    let mut path = None;
    let mut at = None;
    if let Some(span) = &problem.span {
        let source = sources.get(span.file);
        if source.is_override {
            let key = source.text.split_once('=').map_or("", |(key, _)| key);
            path = Some(key.trim().to_owned());
        } else {
            let (line, _) = sources.line_and_column(span);
            at = Some(format!("{}, line {line}", library::shown(&source.name)));
        }
    }
    Told {
        path,
        at,
        message: problem.message.clone(),
        label: problem.label.clone(),
        help: problem.help.clone(),
    }
}
