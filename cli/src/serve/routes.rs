//! What can be asked, and by whom it is answered.

use std::any::Any;
use std::sync::Arc;

use axum::extract::rejection::JsonRejection;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use tonnage_reports::html::live;
use tower_http::catch_panic::CatchPanicLayer;

use super::answer::{self, Asked};
use super::guard::{self, Names};
use super::message::Message;
use super::{Explorer, export, job, narration};

/// Largest body of a request: no scenario has so much to say.
const LARGEST: usize = 64 << 10;

const PAGE: &str = include_str!("page.html");
const SCRIPT: &str = include_str!("page.js");
const STYLE: &str = include_str!("page.css");

/// A request that says what is laid over the scenario, or why it cannot be read.
type Request = Result<Json<Asked>, JsonRejection>;

/// The server of an explorer on a port of this machine.
pub(super) fn app(explorer: Arc<Explorer>, port: u16) -> Router {
    Router::new()
        .route(
            "/",
            get(|| async { text("text/html; charset=utf-8", PAGE.to_owned()) }),
        )
        .route(
            "/page.js",
            get(|| async { text("text/javascript; charset=utf-8", SCRIPT.to_owned()) }),
        )
        .route(
            "/page.css",
            get(|| async { text("text/css; charset=utf-8", live::style() + STYLE) }),
        )
        .route("/api/start", get(start))
        .route("/api/answer", post(answered))
        .route("/api/refine", post(refined))
        .route("/api/scenario", post(saved))
        .route("/api/report", post(reported))
        .fallback(|| async {
            Message::new(StatusCode::NOT_FOUND, "there is nothing at this address")
        })
        .method_not_allowed_fallback(|| async {
            Message::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "this address is not asked in this way",
            )
        })
        .layer(DefaultBodyLimit::max(LARGEST))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn_with_state(Names::new(port), guard::guard))
        .with_state(explorer)
}

fn text(kind: &'static str, text: String) -> Response {
    ([(CONTENT_TYPE, kind)], text).into_response()
}

async fn start(State(explorer): State<Arc<Explorer>>) -> Response {
    Json(&explorer.start).into_response()
}

async fn answered(
    State(explorer): State<Arc<Explorer>>,
    asked: Request,
) -> Result<Json<answer::Answered>, Message> {
    answer::answer(&explorer, read(asked)?).await.map(Json)
}

async fn refined(
    State(explorer): State<Arc<Explorer>>,
    asked: Request,
) -> Result<Response, Message> {
    let asked = read(asked)?;
    Ok(narration::narrate(
        &explorer,
        "simulation",
        move |explorer, watch| narration::refine(explorer, &asked, watch),
    ))
}

async fn saved(State(explorer): State<Arc<Explorer>>, asked: Request) -> Result<Response, Message> {
    let asked = read(asked)?;
    let place = answer::place(&explorer).await?;
    let write = move |explorer: &Arc<Explorer>| {
        let _place = place;
        answer::file(explorer, &asked)
    };
    let file = job::run(&explorer, write).await?;
    let headers = [
        (CONTENT_TYPE, "application/toml"),
        (
            CONTENT_DISPOSITION,
            "attachment; filename=\"scenario.toml\"",
        ),
    ];
    Ok((headers, file).into_response())
}

async fn reported(
    State(explorer): State<Arc<Explorer>>,
    asked: Request,
) -> Result<Response, Message> {
    let asked = read(asked)?;
    export::folder(&explorer)?;
    Ok(narration::narrate(
        &explorer,
        "report",
        move |explorer, watch| export::export(explorer, &asked, watch),
    ))
}

fn read(asked: Request) -> Result<Asked, Message> {
    match asked {
        Ok(Json(asked)) => Ok(asked),
        Err(error) => Err(Message::new(error.status(), error.body_text())),
    }
}

/// The hook has said where on the terminal.
fn panicked(_: Box<dyn Any + Send>) -> Response {
    Message::bug().into_response()
}
