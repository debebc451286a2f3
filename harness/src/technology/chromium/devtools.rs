//! As much of the Chrome DevTools protocol as a page is driven by: JSON messages with a zero byte
//! after each, through two pipes. A thread reads, and hands each message to whoever waits for it.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::clock::Stamp;
use crate::guest::Request;
use crate::technology::Failure;

/// Seconds that a browser may take for an answer. Many of them start at once where there is little to
/// run them.
const PATIENCE: f64 = 45.0;

/// Where a page is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    /// In a browser context of its own.
    OwnContext,
    /// In the one that is there.
    SharedContext,
}

/// A connection to a browser.
#[derive(Debug, Clone)]
pub(super) struct Devtools(Arc<Connection>);

#[derive(Debug)]
struct Connection {
    input: Mutex<File>,
    numbers: AtomicU64,
    waiting: Mutex<Waiting>,
}

/// Who waits for what.
#[derive(Debug, Default)]
struct Waiting {
    replies: HashMap<u64, Sender<Value>>,
    events: HashMap<String, Sender<String>>,
    ended: bool,
}

impl Connection {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands a message on.
    fn take(&self, message: &Value) {
        let mut waiting = self.waiting();
        if let Some(number) = message["id"].as_u64() {
            if let Some(reply) = waiting.replies.remove(&number) {
                // Who has given up waiting does not listen.
                let _ = reply.send(message.clone());
            }
            return;
        }
        let Some(event) = message["method"].as_str() else {
            return;
        };
        if event == "Target.detachedFromTarget" {
            if let Some(session) = message["params"]["sessionId"].as_str() {
                waiting.events.remove(session);
            }
        } else if let Some(session) = message["sessionId"].as_str()
            && let Some(listener) = waiting.events.get(session)
        {
            let _ = listener.send(event.to_owned());
        }
    }

    /// Nobody will hear anything any more.
    fn end(&self) {
        let mut waiting = self.waiting();
        waiting.ended = true;
        waiting.replies.clear();
        waiting.events.clear();
    }
}

impl Devtools {
    /// A connection through the writing end of the browser's input and the reading end of its
    /// output.
    pub(super) fn new(input: impl Into<OwnedFd>, output: impl Into<OwnedFd>) -> Self {
        let connection = Arc::new(Connection {
            input: Mutex::new(File::from(input.into())),
            numbers: AtomicU64::new(1),
            waiting: Mutex::default(),
        });
        let reading = Arc::clone(&connection);
        let mut output = BufReader::new(File::from(output.into()));
        // It ends with the browser.
        thread::spawn(move || {
            let mut bytes = Vec::new();
            while let Ok(1..) = output.read_until(0, &mut bytes) {
                bytes.pop();
                if let Ok(message) = serde_json::from_slice(&bytes) {
                    reading.take(&message);
                }
                bytes.clear();
            }
            reading.end();
        });
        Self(connection)
    }

    /// Calls a method, of a session if one is given, and waits for what it returns.
    fn call(
        &self,
        session: Option<&str>,
        method: &str,
        parameters: &Value,
    ) -> Result<Value, Failure> {
        let number = self.0.numbers.fetch_add(1, Ordering::Relaxed);
        let mut message = json!({"id": number, "method": method, "params": parameters});
        if let Some(session) = session {
            message["sessionId"] = session.into();
        }
        let mut bytes = message.to_string().into_bytes();
        bytes.push(0);
        let (sender, reply) = mpsc::channel();
        {
            let mut waiting = self.0.waiting();
            if waiting.ended {
                return Err(ended(method));
            }
            waiting.replies.insert(number, sender);
        }
        let written = self
            .0
            .input
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .write_all(&bytes);
        if written.is_err() {
            return Err(ended(method));
        }
        let answer = wait(&reply, Stamp::now(), method)?;
        match answer["error"]["message"].as_str() {
            Some(error) => Err(Failure::new(format!("{method} failed: {error}"))),
            None => Ok(answer["result"].clone()),
        }
    }

    /// Opens a page, and tells when it existed, empty.
    pub(super) fn open(&self, scope: Scope, url: &str) -> Result<(Page, Stamp), Failure> {
        let mut parameters = json!({"url": "about:blank"});
        let context = match scope {
            Scope::OwnContext => {
                let made = self.call(None, "Target.createBrowserContext", &json!({}))?;
                let context = text(&made, "browserContextId")?;
                parameters["browserContextId"] = context.as_str().into();
                Some(context)
            }
            Scope::SharedContext => None,
        };
        let made = self.call(None, "Target.createTarget", &parameters)?;
        let target = text(&made, "targetId")?;
        let created = Stamp::now();
        let attached = self.call(
            None,
            "Target.attachToTarget",
            &json!({"targetId": target, "flatten": true}),
        )?;
        let session = text(&attached, "sessionId")?;
        let (sender, events) = mpsc::channel();
        self.0.waiting().events.insert(session.clone(), sender);
        let page = Page {
            devtools: self.clone(),
            context,
            target,
            session,
            events,
        };
        match page.load(url) {
            Ok(()) => Ok((page, created)),
            // What did not load is not left open, if the browser still listens.
            Err(failure) => {
                let _ = page.close();
                Err(failure)
            }
        }
    }
}

/// The next that comes, or why nothing does.
fn wait<T>(channel: &Receiver<T>, begin: Stamp, method: &str) -> Result<T, Failure> {
    let left = Duration::from_secs_f64((PATIENCE - begin.elapsed()).max(0.0));
    channel.recv_timeout(left).map_err(|error| match error {
        RecvTimeoutError::Timeout => Failure::new(format!(
            "the browser did not answer {method} within {PATIENCE} seconds"
        )),
        RecvTimeoutError::Disconnected => ended(method),
    })
}

fn ended(method: &str) -> Failure {
    Failure::new(format!("the browser ended before it answered {method}"))
}

fn text(value: &Value, key: &str) -> Result<String, Failure> {
    value[key]
        .as_str()
        .map(str::to_owned)
        .ok_or_else(|| Failure::new(format!("the browser tells no {key}: {value}")))
}

/// A page with the guest in it.
#[derive(Debug)]
pub(super) struct Page {
    devtools: Devtools,
    context: Option<String>,
    target: String,
    session: String,
    events: Receiver<String>,
}

impl Page {
    fn call(&self, method: &str, parameters: &Value) -> Result<Value, Failure> {
        self.devtools.call(Some(&self.session), method, parameters)
    }

    /// Loads what is at an address.
    fn load(&self, url: &str) -> Result<(), Failure> {
        self.call("Page.enable", &json!({}))?;
        let navigated = self.call("Page.navigate", &json!({"url": url}))?;
        if let Some(error) = navigated["errorText"].as_str() {
            return Err(Failure::new(format!("the page does not load: {error}")));
        }
        let begin = Stamp::now();
        while wait(&self.events, begin, "Page.navigate")? != "Page.loadEventFired" {}
        Ok(())
    }

    /// What an expression comes to in the page.
    fn evaluate(&self, expression: &str) -> Result<Value, Failure> {
        let evaluated = self.call(
            "Runtime.evaluate",
            &json!({"expression": expression, "returnByValue": true}),
        )?;
        if let Some(thrown) = evaluated.get("exceptionDetails") {
            return Err(Failure::new(format!(
                "the page threw an exception: {thrown}"
            )));
        }
        Ok(evaluated["result"]["value"].clone())
    }

    /// Has the first request answered, and tells when the page's first instruction ran.
    pub(super) fn first_answer(&mut self, request: &Request) -> Result<Stamp, Failure> {
        let both = self.evaluate(&format!("[first, {}]", call_of_guest(request)))?;
        check(request, &both[1])?;
        let milliseconds = both[0]
            .as_f64()
            .filter(|moment| *moment > 0.0)
            .ok_or_else(|| Failure::new(format!("the page does not say when it began: {both}")))?;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a moment of these centuries in nanoseconds"
        )]
        Ok(Stamp::from_wall_clock((milliseconds * 1e6) as u64))
    }

    /// Has a request answered.
    pub(super) fn work(&mut self, request: &Request) -> Result<(), Failure> {
        check(request, &self.evaluate(&call_of_guest(request))?)
    }

    /// Closes it, with its context if it has one of its own, and waits until it is detached.
    pub(super) fn close(self) -> Result<(), Failure> {
        match &self.context {
            Some(context) => self.devtools.call(
                None,
                "Target.disposeBrowserContext",
                &json!({"browserContextId": context}),
            ),
            None => self.devtools.call(
                None,
                "Target.closeTarget",
                &json!({"targetId": self.target}),
            ),
        }?;
        let begin = Stamp::now();
        loop {
            let left = Duration::from_secs_f64((PATIENCE - begin.elapsed()).max(0.0));
            match self.events.recv_timeout(left) {
                Ok(_) => {}
                Err(RecvTimeoutError::Disconnected) => return Ok(()),
                Err(RecvTimeoutError::Timeout) => {
                    return Err(Failure::new("the page does not close"));
                }
            }
        }
    }
}

/// The expression that has a request answered. A JSON string is a string of JavaScript too.
fn call_of_guest(request: &Request) -> String {
    let line = request.line();
    let line = line.strip_suffix('\n').unwrap_or(line);
    format!("answer({})", Value::from(line))
}

fn check(request: &Request, answer: &Value) -> Result<(), Failure> {
    match answer.as_str() {
        Some(answer) => Ok(request.check(answer)?),
        None => Err(Failure::new(format!("the page answered {answer}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::Devtools;
    use serde_json::json;
    use std::io::{BufRead, BufReader, Write, pipe};
    use std::thread;

    /// A browser that answers each call with what it was called with, an error for `Fail`, and
    /// nothing but its end for `End`.
    fn echo() -> Devtools {
        let (near_output, mut far_input) = pipe().expect("a pipe");
        let (far_output, near_input) = pipe().expect("a pipe");
        thread::spawn(move || {
            let mut calls = BufReader::new(far_output);
            let mut bytes = Vec::new();
            while let Ok(1..) = calls.read_until(0, &mut bytes) {
                bytes.pop();
                let call: serde_json::Value = serde_json::from_slice(&bytes).expect("JSON");
                let answer = match call["method"].as_str() {
                    Some("End") => return,
                    Some("Fail") => json!({"id": call["id"], "error": {"message": "no"}}),
                    _ => json!({"id": call["id"], "result": call}),
                };
                let event = json!({"method": "Noise", "sessionId": "x", "params": {}});
                far_input
                    .write_all(format!("{event}\0{answer}\0").as_bytes())
                    .expect("written");
                bytes.clear();
            }
        });
        Devtools::new(near_input, near_output)
    }

    #[test]
    fn each_caller_gets_the_answer_to_its_own_call() {
        let devtools = echo();
        thread::scope(|scope| {
            for number in 0..8 {
                let devtools = &devtools;
                scope.spawn(move || {
                    let said = devtools
                        .call(Some("s"), "Echo", &json!({"number": number}))
                        .expect("an answer");
                    assert_eq!(said["params"]["number"], number);
                    assert_eq!(said["sessionId"], "s");
                });
            }
        });
    }

    #[test]
    fn errors_and_the_end_of_the_browser_are_told() {
        let devtools = echo();
        let failure = devtools.call(None, "Fail", &json!({})).expect_err("no");
        assert_eq!(failure.message, "Fail failed: no");
        for method in ["End", "Echo"] {
            let failure = devtools.call(None, method, &json!({})).expect_err("gone");
            assert!(failure.message.contains("ended"), "{failure}");
        }
    }
}
