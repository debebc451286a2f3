//! The real command serving, and requests to it as they go over the wire.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use serde_json::Value;

/// Longest that anything of a test may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(90);

/// The command.
pub(crate) fn tonnage() -> Command {
    Command::new(env!("CARGO_BIN_EXE_tonnage"))
}

/// A server that ends with the test.
pub(crate) struct Server {
    child: Child,
    pub(crate) port: u16,
    notes: Receiver<String>,
}

/// What came back.
pub(crate) struct Reply {
    pub(crate) status: u16,
    /// In small letters.
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }
}

impl Server {
    /// Serves what the arguments say, and waits until the address is there.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let mut child = tonnage()
            .arg("serve")
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        let mut address = String::new();
        BufReader::new(child.stdout.take().expect("piped"))
            .read_line(&mut address)
            .expect("a line");
        let port = address
            .trim()
            .strip_prefix("http://127.0.0.1:")
            .and_then(|rest| rest.strip_suffix('/')?.parse().ok());
        let (told, notes) = mpsc::channel();
        let errors = BufReader::new(child.stderr.take().expect("piped"));
        std::thread::spawn(move || {
            for line in errors.lines().map_while(Result::ok) {
                if told.send(line).is_err() {
                    return;
                }
            }
        });
        Self {
            child,
            port: port.unwrap_or_else(|| panic!("no address: {address:?}")),
            notes,
        }
    }

    pub(crate) fn address(&self) -> String {
        format!("http://127.0.0.1:{}/", self.port)
    }

    /// Sends a request with these lines after its first, and a body if there is one.
    pub(crate) fn send(&self, first: &str, lines: &[&str], body: &str) -> TcpStream {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).expect("it listens");
        stream
            .set_read_timeout(Some(PATIENCE))
            .expect("a limit is set");
        let mut request = format!("{first} HTTP/1.1\r\nconnection: close\r\n");
        for line in lines {
            request.push_str(line);
            request.push_str("\r\n");
        }
        let length = body.len().to_string();
        request.extend(["content-length: ", &length, "\r\n\r\n", body]);
        // One that is refused early may not be read to its end.
        let _ = stream.write_all(request.as_bytes());
        stream
    }

    /// Sends a request and reads what comes back.
    pub(crate) fn ask(&self, first: &str, lines: &[&str], body: &str) -> Reply {
        let mut text = Vec::new();
        let mut stream = self.send(first, lines, body);
        // What was read before a connection was reset is the answer.
        let _ = stream.read_to_end(&mut text);
        let text = String::from_utf8_lossy(&text).into_owned();
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let status = head
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok());
        Reply {
            status: status.unwrap_or_else(|| panic!("no status: {head}")),
            head: head.to_lowercase(),
            body: body.to_owned(),
        }
    }

    /// Posts JSON as the page does.
    pub(crate) fn post(&self, path: &str, body: &Value) -> Reply {
        let host = format!("host: 127.0.0.1:{}", self.port);
        let lines = [host.as_str(), "content-type: application/json"];
        self.ask(&format!("POST {path}"), &lines, &body.to_string())
    }

    /// Waits until a note on the terminal has these words.
    pub(crate) fn wait_for_note(&self, words: &str) -> String {
        let begin = Instant::now();
        let mut seen = Vec::new();
        while let Ok(note) = self
            .notes
            .recv_timeout(PATIENCE.saturating_sub(begin.elapsed()))
        {
            if note.contains(words) {
                return note;
            }
            seen.push(note);
        }
        panic!("nothing says {words:?} in {seen:?}");
    }

    /// Asks it to end as Ctrl-C does; its exit code.
    pub(crate) fn interrupt(&mut self) -> Option<i32> {
        let pid = self.child.id().to_string();
        let kill = Command::new("kill").args(["-INT", &pid]).status();
        assert!(kill.expect("`kill` is there").success());
        self.child.wait().expect("it ends").code()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // One that has ended cannot be killed, and need not be.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
