//! As much of HTTP/1.1 (RFC 9112) as workerd is spoken to in: a request on a connection that is kept,
//! with a body at once or line by line.

use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::clock::Stamp;
use crate::technology::Failure;
use crate::technology::line_guest::PATIENCE;

/// Seconds after which an idle connection is not used again: the server closes them after some more.
const IDLE: f64 = 5.0;

/// A response is never this long.
const LONGEST: usize = 1 << 20;

/// Connections that are open and wait for their next request.
#[derive(Debug, Default)]
pub(super) struct Pool(Mutex<Vec<Connection>>);

impl Pool {
    /// One that was used a moment ago; those that were not are closed.
    pub(super) fn take(&self) -> Option<Connection> {
        let mut idle = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|connection| connection.used.elapsed() < IDLE);
        idle.pop()
    }

    pub(super) fn put_back(&self, connection: Connection) {
        let mut idle = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        idle.push(connection);
    }

    /// Closes all that wait.
    pub(super) fn close_idle(&self) {
        let mut idle = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        idle.clear();
    }
}

/// A connection to a server.
#[derive(Debug)]
pub(super) struct Connection {
    stream: UnixStream,
    read: Vec<u8>,
    used: Stamp,
    /// Whether the head of the response to what is under way was read.
    answering: bool,
    /// Bytes of a body that has come in but was not asked for yet.
    body: Vec<u8>,
}

impl Connection {
    pub(super) fn new(stream: UnixStream) -> Result<Self, Failure> {
        stream
            .set_read_timeout(Some(Duration::from_secs_f64(PATIENCE)))
            .map_err(|error| Failure::of("cannot set a time limit", error))?;
        Ok(Self {
            stream,
            read: Vec::new(),
            used: Stamp::now(),
            answering: false,
            body: Vec::new(),
        })
    }

    /// Posts a body and returns that of the response.
    pub(super) fn post(&mut self, path: &str, body: &str) -> Result<String, Failure> {
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: guest\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        self.write(&[head.as_bytes(), body.as_bytes()].concat())?;
        let head = self.head()?;
        let mut body = Vec::new();
        match head.length {
            Some(length) => {
                while self.read.len() < length {
                    self.fill()?;
                }
                body.extend(self.read.drain(..length));
            }
            None => while self.chunk(&mut body)? {},
        }
        self.used = Stamp::now();
        head.into_body(body)
    }

    /// Begins a request whose body comes line by line.
    pub(super) fn begin(&mut self, path: &str) -> Result<(), Failure> {
        self.answering = false;
        self.body.clear();
        self.write(
            format!("POST {path} HTTP/1.1\r\nHost: guest\r\nTransfer-Encoding: chunked\r\n\r\n")
                .as_bytes(),
        )
    }

    /// Sends a line and returns the line that answers it.
    pub(super) fn exchange(&mut self, line: &str) -> Result<String, Failure> {
        self.write(format!("{:x}\r\n{line}\r\n", line.len()).as_bytes())?;
        if !self.answering {
            let head = self.head()?;
            if head.status != 200 {
                let mut body = Vec::new();
                while head.length.is_none() && self.chunk(&mut body)? {}
                return head.into_body(body);
            }
            self.answering = true;
        }
        loop {
            if let Some(end) = self.body.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.body.drain(..=end).collect();
                return text(line);
            }
            let mut body = std::mem::take(&mut self.body);
            let more = self.chunk(&mut body)?;
            self.body = body;
            if !more {
                return Err(Failure::new("the worker ended without an answer"));
            }
        }
    }

    /// Says that no more lines come, and waits for the end of the response.
    pub(super) fn finish(&mut self) -> Result<(), Failure> {
        self.write(b"0\r\n\r\n")?;
        let mut body = Vec::new();
        while self.chunk(&mut body)? {}
        self.used = Stamp::now();
        if body.is_empty() {
            Ok(())
        } else {
            Err(Failure::new(
                "the worker says something that it was not asked",
            ))
        }
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.stream
            .write_all(bytes)
            .map_err(|error| Failure::of("cannot write to workerd", error))
    }

    /// The head of a response.
    fn head(&mut self) -> Result<Head, Failure> {
        loop {
            if let Some(end) = self.read.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
                let bytes: Vec<u8> = self.read.drain(..end + 4).collect();
                return Head::parse(&text(bytes)?);
            }
            self.fill()?;
        }
    }

    /// Adds the next chunk to a body. Whether there was one; none is the end.
    fn chunk(&mut self, body: &mut Vec<u8>) -> Result<bool, Failure> {
        let end = loop {
            if let Some(end) = self.read.windows(2).position(|bytes| bytes == b"\r\n") {
                break end;
            }
            self.fill()?;
        };
        let length = std::str::from_utf8(&self.read[..end])
            .ok()
            .and_then(|line| usize::from_str_radix(line.split(';').next()?.trim(), 16).ok())
            .filter(|length| *length < LONGEST)
            .ok_or_else(|| Failure::new("workerd sends no chunk where one has to be"))?;
        while self.read.len() < end + 2 + length + 2 {
            self.fill()?;
        }
        let chunk: Vec<u8> = self.read.drain(..end + 2 + length + 2).collect();
        body.extend_from_slice(&chunk[end + 2..end + 2 + length]);
        Ok(length > 0)
    }

    fn fill(&mut self) -> Result<(), Failure> {
        if self.read.len() > LONGEST {
            return Err(Failure::new("workerd answers without end"));
        }
        let mut bytes = [0; 4096];
        match self.stream.read(&mut bytes) {
            Ok(0) => Err(Failure::new("workerd closed the connection")),
            Ok(read) => {
                self.read.extend_from_slice(&bytes[..read]);
                Ok(())
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => Ok(()),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                Err(Failure::new(format!(
                    "workerd did not answer within {PATIENCE} seconds"
                )))
            }
            Err(error) => Err(Failure::of("cannot read from workerd", error)),
        }
    }
}

/// What begins a response.
#[derive(Debug, PartialEq, Eq)]
struct Head {
    status: u16,
    /// Bytes of the body; none if it comes in chunks.
    length: Option<usize>,
}

impl Head {
    fn parse(text: &str) -> Result<Self, Failure> {
        let strange = || {
            let begin: String = text.chars().take(100).collect();
            Failure::new(format!("workerd answers strangely: {begin}"))
        };
        let mut lines = text.split("\r\n");
        let status = lines
            .next()
            .and_then(|line| line.strip_prefix("HTTP/1.1 "))
            .and_then(|line| line.split(' ').next()?.parse().ok())
            .ok_or_else(strange)?;
        let mut length = None;
        for line in lines {
            if let Some((name, value)) = line.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                let value = value.trim().parse().ok();
                length = Some(value.filter(|value| *value < LONGEST).ok_or_else(strange)?);
            }
        }
        Ok(Self { status, length })
    }

    /// The body, if all went well.
    fn into_body(self, body: Vec<u8>) -> Result<String, Failure> {
        let body = text(body)?;
        if self.status == 200 {
            Ok(body)
        } else {
            Err(Failure::new(format!(
                "workerd answers with status {}: {body}",
                self.status
            )))
        }
    }
}

fn text(bytes: Vec<u8>) -> Result<String, Failure> {
    String::from_utf8(bytes).map_err(|error| Failure::of("workerd answers with no text", error))
}

#[cfg(test)]
mod tests {
    use super::{Connection, Head, Pool};
    use crate::technology::Failure;
    use std::io::Write;
    use std::net::Shutdown;
    use std::os::unix::net::UnixStream;

    /// A connection to a server that says something and no more, and the server's end of it.
    fn connection(said: &str) -> (Connection, UnixStream) {
        let (near, mut far) = UnixStream::pair().expect("a pair");
        far.write_all(said.as_bytes()).expect("written");
        far.shutdown(Shutdown::Write).expect("shut down");
        (Connection::new(near).expect("a connection"), far)
    }

    fn posted(said: &str) -> Result<String, Failure> {
        let (mut connection, _server) = connection(said);
        connection.post("/", "x")
    }

    #[test]
    fn a_body_of_a_length_and_one_in_chunks_are_read() {
        let long = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX: y\r\n\r\n1 abc";
        assert_eq!(posted(long).as_deref(), Ok("1 abc"));
        let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\
            3\r\n1 a\r\n2;x=y\r\nbc\r\n0\r\n\r\n";
        assert_eq!(posted(chunked).as_deref(), Ok("1 abc"));
    }

    #[test]
    fn lines_are_taken_from_chunks_however_they_are_cut() {
        let said = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\
            3\r\n1 a\r\n4\r\n\n2 b\r\n1\r\n\n\r\n0\r\n\r\n";
        let (mut connection, _server) = connection(said);
        connection.begin("/once").expect("begun");
        assert_eq!(connection.exchange("x\n").as_deref(), Ok("1 a\n"));
        assert_eq!(connection.exchange("y\n").as_deref(), Ok("2 b\n"));
        connection.finish().expect("finished");
    }

    #[test]
    fn what_is_no_answer_is_refused() {
        for said in [
            "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 4\r\n\r\nwhat",
            "HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n",
            "HTTP/1.1 200 OK\r\n\r\nnot a chunk\r\n",
            "SSH-2.0-server\r\n\r\n",
            "",
        ] {
            let failure = posted(said).expect_err(said);
            assert!(failure.message.contains("workerd"), "{failure}");
        }
        assert!(Head::parse("HTTP/1.1 nothing\r\n\r\n").is_err());
    }

    #[test]
    fn a_connection_is_used_again() {
        let pool = Pool::default();
        assert!(pool.take().is_none());
        pool.put_back(connection("").0);
        assert!(pool.take().is_some());
        pool.put_back(connection("").0);
        pool.close_idle();
        assert!(pool.take().is_none());
    }
}
