//! Headless Chromium as a user of the page, through the DevTools protocol: messages in JSON with a zero
//! byte after each, through two pipes.

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::server::PATIENCE;

/// A browser.
pub(crate) struct Browser {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    number: u64,
    _profile: tempfile::TempDir,
}

/// A tab of it.
#[derive(Clone)]
pub(crate) struct Tab(String);

/// Chromium on the path.
fn chromium() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let mut found = std::env::split_paths(&path).flat_map(|folder| {
        ["chromium", "chromium-browser", "google-chrome"].map(|name| folder.join(name))
    });
    found.find(|file| file.is_file())
}

impl Browser {
    /// Starts one; none where there is no Chromium, which is said.
    pub(crate) fn start() -> Option<Self> {
        let Some(chromium) = chromium() else {
            eprintln!("SKIPPED: no chromium on the path, so nobody used the explorer's page");
            return None;
        };
        let profile = tempfile::tempdir().expect("a folder");
        // The shell puts the pipes where the browser looks for them.
        let mut child = Command::new("sh")
            .args([
                "-c",
                "exec \"$@\" 3<&0 4>&1 </dev/null >/dev/null 2>&1",
                "sh",
            ])
            .arg(chromium)
            .args([
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-background-networking",
                "--disable-component-update",
                "--no-first-run",
                "--remote-debugging-pipe",
                "--window-size=1280,900",
            ])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the browser starts");
        Some(Self {
            input: child.stdin.take().expect("piped"),
            output: BufReader::new(child.stdout.take().expect("piped")),
            child,
            number: 0,
            _profile: profile,
        })
    }

    fn call(&mut self, session: Option<&str>, method: &str, parameters: &Value) -> Value {
        let called = self.try_call(session, method, parameters);
        called.unwrap_or_else(|error| panic!("{method}: {error}"))
    }

    fn try_call(
        &mut self,
        session: Option<&str>,
        method: &str,
        parameters: &Value,
    ) -> Result<Value, Value> {
        self.number += 1;
        let mut message = json!({ "id": self.number, "method": method, "params": parameters });
        if let Some(session) = session {
            message["sessionId"] = session.into();
        }
        let mut bytes = message.to_string().into_bytes();
        bytes.push(0);
        self.input.write_all(&bytes).expect("the browser listens");
        loop {
            let mut bytes = Vec::new();
            self.output.read_until(0, &mut bytes).expect("it answers");
            assert!(!bytes.is_empty(), "the browser ended at {method}");
            bytes.pop();
            let reply: Value = serde_json::from_slice(&bytes).expect("JSON");
            if reply["id"] == self.number {
                return match &reply["error"] {
                    Value::Null => Ok(reply["result"].clone()),
                    error => Err(error.clone()),
                };
            }
        }
    }

    /// Opens a tab.
    pub(crate) fn open(&mut self, address: &str) -> Tab {
        let target = self.call(None, "Target.createTarget", &json!({ "url": address }));
        let attach = json!({ "targetId": target["targetId"], "flatten": true });
        let session = self.call(None, "Target.attachToTarget", &attach);
        Tab(session["sessionId"].as_str().expect("a session").to_owned())
    }

    /// The value of an expression in a tab.
    pub(crate) fn value(&mut self, tab: &Tab, expression: &str) -> Value {
        let parameters = json!({
            "expression": expression, "returnByValue": true, "awaitPromise": true,
        });
        let result = self.call(Some(&tab.0), "Runtime.evaluate", &parameters);
        assert!(
            result["exceptionDetails"].is_null(),
            "{expression}: {result}"
        );
        result["result"]["value"].clone()
    }

    /// Waits until an expression is true.
    pub(crate) fn wait(&mut self, tab: &Tab, expression: &str) {
        let begin = Instant::now();
        let safe =
            format!("(() => {{ try {{ return !!({expression}); }} catch {{ return false; }} }})()");
        let parameters = json!({ "expression": safe, "returnByValue": true });
        // Between two pages there is nothing that could say yes.
        while !self
            .try_call(Some(&tab.0), "Runtime.evaluate", &parameters)
            .is_ok_and(|result| result["result"]["value"] == true)
        {
            if begin.elapsed() > PATIENCE {
                let text = self.value(tab, "document.body.innerText.slice(0, 1500)");
                panic!("it did not come to {expression}: {text}");
            }
            std::thread::sleep(Duration::from_millis(30));
        }
    }

    pub(crate) fn reload(&mut self, tab: &Tab) {
        self.call(Some(&tab.0), "Page.reload", &json!({}));
    }

    /// Drags what a selector finds from its middle by so many pixels, in steps.
    pub(crate) fn drag(&mut self, tab: &Tab, selector: &str, pixels: i32) {
        let place = format!(
            "(() => {{ const e = document.querySelector({selector:?}); e.scrollIntoView({{ block: 'center' }}); \
             const r = e.getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2]; }})()"
        );
        let place = self.value(tab, &place);
        let (x, y) = (place[0].as_f64().expect("x"), place[1].as_f64().expect("y"));
        let mut mouse = |kind: &str, x: f64| {
            let parameters = json!({
                "type": kind, "x": x, "y": y, "button": "left", "buttons": 1, "clickCount": 1,
            });
            self.call(Some(&tab.0), "Input.dispatchMouseEvent", &parameters);
        };
        mouse("mousePressed", x);
        for step in 1..=8 {
            mouse("mouseMoved", x + f64::from(pixels * step) / 8.0);
        }
        mouse("mouseReleased", x + f64::from(pixels));
    }

    /// Types into what a selector finds, in place of what is there, and leaves it by the Enter key.
    pub(crate) fn enter(&mut self, tab: &Tab, selector: &str, text: &str) {
        self.value(
            tab,
            &format!("(() => {{ const e = document.querySelector({selector:?}); e.focus(); e.select(); }})()"),
        );
        self.call(Some(&tab.0), "Input.insertText", &json!({ "text": text }));
        for kind in ["keyDown", "keyUp"] {
            let key = json!({ "type": kind, "key": "Enter", "code": "Enter", "text": "\r", "windowsVirtualKeyCode": 13 });
            self.call(Some(&tab.0), "Input.dispatchKeyEvent", &key);
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // It is not needed any more, whatever state it is in.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
