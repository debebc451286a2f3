//! What machine monitors are told through a socket: HTTP with JSON (Firecracker, Cloud Hypervisor),
//! or lines of JSON (QEMU's machine protocol, QMP).

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::technology::Failure;

/// How long a monitor may take for an answer.
const PATIENCE: Duration = Duration::from_secs(15);

/// How often a socket is looked for that is not there yet.
const AGAIN: Duration = Duration::from_micros(500);

/// A request: method, path, body.
pub(super) type Request = (&'static str, &'static str, Value);

/// Waits until somebody listens at a socket.
pub(super) fn connect(socket: &Path) -> Result<UnixStream, Failure> {
    let begin = Instant::now();
    loop {
        match UnixStream::connect(socket) {
            Ok(stream) => {
                stream
                    .set_read_timeout(Some(PATIENCE))
                    .and_then(|()| stream.set_write_timeout(Some(PATIENCE)))
                    .map_err(|error| Failure::of("cannot limit the time of a socket", error))?;
                return Ok(stream);
            }
            Err(error) if begin.elapsed() > PATIENCE => {
                return Err(Failure::of("nobody listens at the monitor's socket", error));
            }
            Err(_) => std::thread::sleep(AGAIN),
        }
    }
}

/// A monitor that speaks HTTP. One connection serves all requests.
#[derive(Debug)]
pub(super) struct Http {
    stream: BufReader<UnixStream>,
}

impl Http {
    /// Connects to a socket, once somebody listens.
    pub(super) fn new(socket: &Path) -> Result<Self, Failure> {
        Ok(Self {
            stream: BufReader::new(connect(socket)?),
        })
    }

    /// Makes a request, which must succeed.
    pub(super) fn ask(&mut self, (method, path, body): &Request) -> Result<(), Failure> {
        let (status, said) = self
            .exchange(method, path, body)
            .map_err(|error| Failure::of(&format!("{method} {path}"), error))?;
        if (200..300).contains(&status) {
            Ok(())
        } else {
            Err(Failure::new(format!("{method} {path}: {status} {said}")))
        }
    }

    fn exchange(
        &mut self,
        method: &str,
        path: &str,
        body: &Value,
    ) -> std::io::Result<(u16, String)> {
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\nAccept: application/json\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        self.stream.get_mut().write_all(request.as_bytes())?;
        let wrong = |what: &str| std::io::Error::other(format!("the monitor answered {what}"));
        let mut line = String::new();
        self.stream.read_line(&mut line)?;
        let status = line
            .strip_prefix("HTTP/1.")
            .and_then(|rest| rest.split(' ').nth(1)?.trim().parse().ok())
            .ok_or_else(|| wrong("no HTTP"))?;
        let mut length = 0;
        loop {
            line.clear();
            if self.stream.read_line(&mut line)? == 0 {
                return Err(wrong("half a head"));
            }
            let Some((name, value)) = line.trim_end().split_once(':') else {
                break;
            };
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse().map_err(|_| wrong("no length"))?;
            }
        }
        let mut said = String::new();
        (&mut self.stream).take(length).read_to_string(&mut said)?;
        Ok((status, said))
    }
}

/// QEMU, through its machine protocol.
#[derive(Debug)]
pub(super) struct Qmp {
    stream: BufReader<UnixStream>,
}

impl Qmp {
    /// Connects to a socket, once somebody listens, and agrees on what is spoken.
    pub(super) fn new(socket: &Path) -> Result<Self, Failure> {
        let mut qmp = Self {
            stream: BufReader::new(connect(socket)?),
        };
        let greeting = qmp.line()?;
        if greeting.get("QMP").is_none() {
            return Err(Failure::new(format!("QEMU greets with {greeting}")));
        }
        qmp.ask("qmp_capabilities")?;
        Ok(qmp)
    }

    /// Has a command done.
    pub(super) fn ask(&mut self, command: &str) -> Result<(), Failure> {
        let line = json!({ "execute": command }).to_string() + "\n";
        self.stream
            .get_mut()
            .write_all(line.as_bytes())
            .map_err(|error| Failure::of(command, error))?;
        loop {
            let answer = self.line()?;
            if answer.get("return").is_some() {
                return Ok(());
            }
            // What happens meanwhile is told in between.
            if answer.get("event").is_none() {
                return Err(Failure::new(format!("{command}: {answer}")));
            }
        }
    }

    fn line(&mut self) -> Result<Value, Failure> {
        let mut line = String::new();
        self.stream
            .read_line(&mut line)
            .map_err(|error| Failure::of("QEMU does not answer", error))?;
        serde_json::from_str(&line).map_err(|error| Failure::of("QEMU answers no JSON", error))
    }
}

/// What makes Firecracker boot a kernel, in this order.
pub(super) fn firecracker_boot(
    kernel: &Path,
    initramfs: &Path,
    command_line: &str,
    mebibytes: u32,
) -> Vec<Request> {
    vec![
        (
            "PUT",
            "/machine-config",
            json!({ "vcpu_count": 1, "mem_size_mib": mebibytes, "smt": false }),
        ),
        (
            "PUT",
            "/boot-source",
            json!({
                "kernel_image_path": kernel,
                "initrd_path": initramfs,
                "boot_args": command_line,
            }),
        ),
        ("PUT", "/actions", json!({ "action_type": "InstanceStart" })),
    ]
}

/// What makes Firecracker hold still.
pub(super) fn firecracker_pause() -> Request {
    ("PATCH", "/vm", json!({ "state": "Paused" }))
}

/// What makes it go on.
pub(super) fn firecracker_resume() -> Request {
    ("PATCH", "/vm", json!({ "state": "Resumed" }))
}

/// The two files of a Firecracker snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SnapshotFiles {
    /// Registers and devices.
    pub(super) state: PathBuf,
    /// Memory.
    pub(super) memory: PathBuf,
}

/// What makes a Firecracker that holds still write a snapshot.
pub(super) fn firecracker_snapshot(files: &SnapshotFiles) -> Request {
    (
        "PUT",
        "/snapshot/create",
        json!({
            "snapshot_type": "Full",
            "snapshot_path": files.state,
            "mem_file_path": files.memory,
        }),
    )
}

/// What makes a new Firecracker go on from a snapshot, with its memory mapped copy-on-write.
pub(super) fn firecracker_restore(files: &SnapshotFiles) -> Request {
    (
        "PUT",
        "/snapshot/load",
        json!({
            "snapshot_path": files.state,
            "mem_backend": { "backend_type": "File", "backend_path": files.memory },
            "resume_vm": true,
        }),
    )
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader, Read, Write};
    use std::os::unix::net::UnixListener;
    use std::path::Path;
    use std::thread;

    use serde_json::Value;

    use super::{
        Http, Qmp, SnapshotFiles, firecracker_boot, firecracker_pause, firecracker_restore,
        firecracker_resume, firecracker_snapshot,
    };

    /// Stands in for a monitor: answers one request after the other on one connection, and tells
    /// what it was asked.
    fn stand_in(
        listener: UnixListener,
        answers: Vec<&'static str>,
    ) -> thread::JoinHandle<Vec<(String, Value)>> {
        thread::spawn(move || {
            let (stream, _) = listener.accept().expect("somebody connects");
            let mut stream = BufReader::new(stream);
            let mut asked = Vec::new();
            for answer in answers {
                let mut first = String::new();
                stream.read_line(&mut first).expect("a request");
                let mut length = 0;
                loop {
                    let mut line = String::new();
                    stream.read_line(&mut line).expect("a head");
                    if let Some(value) = line.strip_prefix("Content-Length: ") {
                        length = value.trim().parse().expect("a number");
                    }
                    if line == "\r\n" {
                        break;
                    }
                }
                let mut body = vec![0; length];
                stream.read_exact(&mut body).expect("a body");
                asked.push((
                    first.trim().to_owned(),
                    serde_json::from_slice(&body).unwrap_or(Value::Null),
                ));
                let stream = stream.get_mut();
                stream.write_all(answer.as_bytes()).expect("it listens");
            }
            asked
        })
    }

    const DONE: &str = "HTTP/1.1 204 \r\nServer: Firecracker API\r\nConnection: keep-alive\r\n\r\n";
    const FAULT: &str = "HTTP/1.1 400 \r\nServer: Firecracker API\r\nConnection: keep-alive\r\n\
                         Content-Type: application/json\r\nContent-Length: 34\r\n\r\n\
                         {\"fault_message\":\"no such kernel\"}";

    #[test]
    fn firecracker_is_asked_as_its_interface_wants_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let socket = folder.path().join("api");
        let listener = UnixListener::bind(&socket).expect("bound");
        let files = SnapshotFiles {
            state: "/s/state".into(),
            memory: "/s/memory".into(),
        };
        let mut requests = firecracker_boot(Path::new("/k"), Path::new("/i"), "console=ttyS0", 128);
        requests.extend([
            firecracker_pause(),
            firecracker_snapshot(&files),
            firecracker_resume(),
            firecracker_restore(&files),
        ]);
        let server = stand_in(listener, vec![DONE; requests.len()]);
        let mut api = Http::new(&socket).expect("connected");
        for request in &requests {
            api.ask(request).expect("done");
        }
        let asked = server.join().expect("no panic");
        let lines: Vec<String> = asked
            .iter()
            .map(|(line, body)| format!("{line} {body}"))
            .collect();
        assert_eq!(
            lines,
            [
                r#"PUT /machine-config HTTP/1.1 {"vcpu_count":1,"mem_size_mib":128,"smt":false}"#,
                r#"PUT /boot-source HTTP/1.1 {"kernel_image_path":"/k","initrd_path":"/i","boot_args":"console=ttyS0"}"#,
                r#"PUT /actions HTTP/1.1 {"action_type":"InstanceStart"}"#,
                r#"PATCH /vm HTTP/1.1 {"state":"Paused"}"#,
                r#"PUT /snapshot/create HTTP/1.1 {"snapshot_type":"Full","snapshot_path":"/s/state","mem_file_path":"/s/memory"}"#,
                r#"PATCH /vm HTTP/1.1 {"state":"Resumed"}"#,
                r#"PUT /snapshot/load HTTP/1.1 {"snapshot_path":"/s/state","mem_backend":{"backend_type":"File","backend_path":"/s/memory"},"resume_vm":true}"#,
            ],
        );
    }

    #[test]
    fn what_a_monitor_refuses_is_told_in_its_words() {
        let folder = tempfile::tempdir().expect("a folder");
        let socket = folder.path().join("api");
        let listener = UnixListener::bind(&socket).expect("bound");
        let server = stand_in(listener, vec![FAULT, DONE]);
        let mut api = Http::new(&socket).expect("connected");
        let failure = api.ask(&firecracker_pause()).expect_err("refused");
        assert_eq!(
            failure.message,
            r#"PATCH /vm: 400 {"fault_message":"no such kernel"}"#
        );
        api.ask(&firecracker_resume()).expect("the next is as good");
        server.join().expect("no panic");
    }

    #[test]
    fn a_monitor_that_goes_away_is_a_failure() {
        let folder = tempfile::tempdir().expect("a folder");
        let socket = folder.path().join("api");
        let listener = UnixListener::bind(&socket).expect("bound");
        let server = thread::spawn(move || drop(listener.accept()));
        let mut api = Http::new(&socket).expect("connected");
        server.join().expect("no panic");
        api.ask(&firecracker_pause()).expect_err("nobody is there");
    }

    #[test]
    fn qemu_is_asked_in_lines_and_may_tell_of_events_in_between() {
        let folder = tempfile::tempdir().expect("a folder");
        let socket = folder.path().join("qmp");
        let listener = UnixListener::bind(&socket).expect("bound");
        let server = thread::spawn(move || {
            let (stream, _) = listener.accept().expect("somebody connects");
            let mut stream = BufReader::new(stream);
            let say = |stream: &mut BufReader<_>, line: &str| {
                let stream: &mut std::os::unix::net::UnixStream = stream.get_mut();
                stream.write_all(line.as_bytes()).expect("it listens");
            };
            say(&mut stream, "{\"QMP\": {\"version\": {}}}\n");
            let mut asked = Vec::new();
            for answer in [
                "{\"return\": {}}\n",
                "{\"event\": \"STOP\"}\n{\"return\": {}}\n",
                "{\"error\": {\"desc\": \"no\"}}\n",
            ] {
                let mut line = String::new();
                stream.read_line(&mut line).expect("a command");
                asked.push(line.trim().to_owned());
                say(&mut stream, answer);
            }
            asked
        });
        let mut qmp = Qmp::new(&socket).expect("agreed");
        qmp.ask("stop").expect("stopped");
        let failure = qmp.ask("cont").expect_err("refused");
        assert_eq!(failure.message, "cont: {\"error\":{\"desc\":\"no\"}}");
        let asked = server.join().expect("no panic");
        assert_eq!(
            asked,
            [
                "{\"execute\":\"qmp_capabilities\"}",
                "{\"execute\":\"stop\"}",
                "{\"execute\":\"cont\"}"
            ]
        );
    }
}
