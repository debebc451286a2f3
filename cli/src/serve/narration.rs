//! Work of seconds to minutes, told as it goes: one JSON object a line, the last of which is the outcome.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Value, json};
use tokio::sync::SemaphorePermit;
use tokio::sync::mpsc::{self, Sender};
use tokio::time::{MissedTickBehavior, interval};
use tokio_stream::StreamExt;
use tokio_stream::wrappers::ReceiverStream;

use super::answer::{self, ending};
use super::message::Message;
use super::watch::Watch;
use super::{Explorer, WAITING, job};

/// How often the page hears how far it has come.
const TELL: Duration = Duration::from_millis(250);

/// A simulation that takes longer is a matter for the command line.
const PATIENCE: Duration = Duration::from_mins(20);

/// Begins work and tells of it. When nobody listens any more, the work is ended.
pub(super) fn narrate<T: Serialize + Send + 'static>(
    explorer: &Arc<Explorer>,
    what: &'static str,
    work: impl FnOnce(&Arc<Explorer>, &Watch) -> Result<T, Message> + Send + 'static,
) -> Response {
    if explorer.waiting.fetch_add(1, Ordering::Relaxed) >= WAITING {
        explorer.waiting.fetch_sub(1, Ordering::Relaxed);
        return Message::new(
            StatusCode::TOO_MANY_REQUESTS,
            format!("{WAITING} simulations are waiting already; close a page that asks for one"),
        )
        .into_response();
    }
    let (listener, lines) = mpsc::channel(1);
    tokio::spawn(tell(Arc::clone(explorer), what, listener, work));
    let body = Body::from_stream(ReceiverStream::new(lines).map(Ok::<_, Infallible>));
    ([(CONTENT_TYPE, "application/x-ndjson")], body).into_response()
}

/// A line for the page.
type Line = Bytes;

async fn tell<T: Serialize + Send + 'static>(
    explorer: Arc<Explorer>,
    what: &'static str,
    listener: Sender<Line>,
    work: impl FnOnce(&Arc<Explorer>, &Watch) -> Result<T, Message> + Send + 'static,
) {
    let place = wait(&explorer, &listener).await;
    explorer.waiting.fetch_sub(1, Ordering::Relaxed);
    let Some(_place) = place else {
        return;
    };
    let watch = Watch::new(PATIENCE, Arc::clone(&explorer.ending));
    let watched = Arc::clone(&watch);
    let working = job::run(&explorer, move |explorer| work(explorer, &watched));
    tokio::pin!(working);
    let mut ticks = interval(TELL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let outcome = loop {
        tokio::select! {
            outcome = &mut working => break outcome,
            () = listener.closed() => {
                watch.abandon();
                // It looks at that within a moment; until then it keeps its place.
                let _ = working.await;
                let took = watch.elapsed().as_secs_f64();
                explorer.console.note(&format!("{what} abandoned by its page: cancelled after {took:.1} s"));
                return;
            }
            _ = ticks.tick() => {
                // Who does not read is not told; who has gone away is noticed above.
                let _ = listener.try_send(line(&json!({ "progress": watch.stage() })));
            }
        }
    };
    let last = match outcome {
        Ok(outcome) => json!({ "done": outcome }),
        Err(message) => json!({ "failed": message }),
    };
    // A page that has gone away by now misses nothing.
    let _ = listener.send(line(&last)).await;
}

/// A place among those that compute; none if the page goes away or the server ends before there is one.
async fn wait<'a>(explorer: &'a Explorer, listener: &Sender<Line>) -> Option<SemaphorePermit<'a>> {
    let mut ticks = interval(TELL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let place = explorer.simulations.acquire();
    tokio::pin!(place);
    loop {
        tokio::select! {
            biased;
            place = &mut place => return place.ok(),
            () = listener.closed() => return None,
            _ = ticks.tick() => {
                if explorer.ending.load(Ordering::Relaxed) {
                    let last = json!({ "failed": ending() });
                    let _ = listener.send(line(&last)).await;
                    return None;
                }
                let _ = listener.try_send(line(&json!({ "waiting": true })));
            }
        }
    }
}

fn line(value: &Value) -> Line {
    Bytes::from(format!("{value}\n"))
}

/// The simulated estimates of a scenario.
pub(super) fn refine(
    explorer: &Explorer,
    asked: &answer::Asked,
    watch: &Watch,
) -> Result<answer::Answered, Message> {
    let loaded = answer::load(explorer, asked)?;
    let options = explorer.plan_options(true);
    let result = explorer
        .simulating
        .install(|| tonnage_model::plan::answer(&loaded, &options, &explorer.memory, watch))
        .map_err(|error| crate::planning::impossible(&error))?;
    in_time(watch)?;
    answer::answered(&loaded, &result, watch.elapsed())
}

/// What was stopped is not shown as if it were complete.
pub(super) fn in_time(watch: &Watch) -> Result<(), Message> {
    if watch.is_late() {
        return Err(Message::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            format!(
                "this takes longer than {} minutes; save the scenario and use `tonnage plan` on it",
                PATIENCE.as_secs() / 60
            ),
        ));
    }
    if tonnage_model::plan::Progress::cancelled(watch) {
        return Err(ending());
    }
    Ok(())
}
