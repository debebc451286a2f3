//! The guest program: one small piece of work that every technology does, with checked results.
//!
//! A request carries a nonce, so that no answer can be prepared or kept, and a JSON document. The
//! guest parses the document, adds up quantity times price of the items that are ordered, and folds
//! their names into a checksum (FNV-1a, 32 bits) that begins with the nonce. A request of many
//! rounds does it again and again, each round beginning with the checksum of the one before: the
//! heavier variant, by which the CPU cost of work is compared. A request can also ask for a
//! working set: memory that the guest takes, writes to and keeps.
//!
//! The forms of it are in `harness/guests`: C (a static program, and WebAssembly), JavaScript and
//! Python. The right answer is worked out by the same in Rust; one that differs fails the row.

use std::fmt;
use std::sync::LazyLock;

use serde::Deserialize;
pub use tonnage_model::measurement::technology::Language;

/// The document every request carries: an order of 24 items, about 1.6 kB.
pub const DOCUMENT: &str = include_str!("../guests/document.json");

/// The guest program in JavaScript: defines the function `answer(line)`.
pub const JAVASCRIPT: &str = include_str!("../guests/guest.js");

/// What runs [`JAVASCRIPT`] in Node.js, reading lines; looks for `guest.js` in its own folder.
pub const NODE: &str = include_str!("../guests/node.js");

/// What runs [`JAVASCRIPT`] in Deno, reading lines; the guest program follows it in the same file.
pub const DENO: &str = include_str!("../guests/deno.js");

/// What runs [`JAVASCRIPT`] in Bun, reading lines; the guest program follows it in the same file.
pub const BUN: &str = include_str!("../guests/bun.js");

/// The guest program in Python, reading lines.
pub const PYTHON: &str = include_str!("../guests/guest.py");

/// The guest program in C as a static Linux program, reading lines.
pub const NATIVE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/guest-native"));

/// A static Linux program that sets up the console of a virtual machine and becomes `/guest`.
pub const INIT: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/guest-init"));

/// The guest program in C for a virtual machine without an operating system: an image of its memory.
#[cfg(target_arch = "x86_64")]
pub const BARE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/guest-bare"));

/// Rounds of the heavier variant.
pub const HEAVY_ROUNDS: u32 = 2_000;

/// Bytes of the touched working set.
pub const WORKING_SET: u64 = 1 << 20;

/// A piece of work, with its right answer worked out beforehand: neither making the request nor
/// checking the answer is on the clock of a start.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    nonce: u32,
    rounds: u32,
    touch: u64,
    line: String,
    expected: String,
    patience: f64,
}

impl Request {
    fn new(nonce: u32, rounds: u32, touch: u64) -> Self {
        Self {
            nonce,
            rounds,
            touch,
            line: format!("{nonce} {rounds} {touch} {DOCUMENT}\n"),
            expected: expected(nonce, rounds).to_string(),
            patience: 0.0,
        }
    }

    /// The small piece of work that a start ends with.
    pub fn small(nonce: u32) -> Self {
        Self::new(nonce, 1, 0)
    }

    /// The heavier variant.
    pub fn heavy(nonce: u32) -> Self {
        Self::new(nonce, HEAVY_ROUNDS, 0)
    }

    /// The small piece of work, and a working set of some bytes.
    pub fn touching(nonce: u32, bytes: u64) -> Self {
        Self::new(nonce, 1, bytes)
    }

    /// Seconds that it may take beyond what is usual: a step of a coding agent runs many programs.
    pub(crate) fn patience(&self) -> f64 {
        self.patience
    }

    /// A word to a coding agent's sandbox, which it just hands back.
    pub(crate) fn greeting(nonce: u32) -> Self {
        Self::of_coding(nonce, 0, nonce.to_string())
    }

    /// A step of a coding agent.
    pub(crate) fn coding(nonce: u32) -> Self {
        Self::of_coding(nonce, 1, crate::coding::expected(nonce))
    }

    fn of_coding(nonce: u32, rounds: u32, expected: String) -> Self {
        Self {
            nonce,
            rounds,
            touch: 0,
            line: format!("{nonce} {rounds}\n"),
            expected,
            patience: 60.0,
        }
    }

    /// A number that differs in every request.
    pub fn nonce(&self) -> u32 {
        self.nonce
    }

    /// How many times the document is worked through, at least once.
    pub fn rounds(&self) -> u32 {
        self.rounds
    }

    /// Bytes of memory the guest takes, writes to and keeps; 0 for none.
    pub fn touch(&self) -> u64 {
        self.touch
    }

    /// The request as a guest reads it, with the end of the line: `nonce rounds touch document`.
    pub fn line(&self) -> &str {
        &self.line
    }

    /// The right answer, without the end of the line.
    pub fn expected(&self) -> &str {
        &self.expected
    }

    /// Checks an answer, a line with or without its end.
    ///
    /// # Errors
    /// If it is not the right one.
    pub fn check(&self, given: &str) -> Result<(), WrongAnswer> {
        let given = given.strip_suffix('\n').unwrap_or(given);
        if given == self.expected {
            Ok(())
        } else {
            Err(WrongAnswer {
                given: given.chars().take(200).collect(),
                expected: self.expected.clone(),
            })
        }
    }
}

/// An answer that is not the right one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the guest answered `{given}`, and `{expected}` is right")]
pub struct WrongAnswer {
    /// What the guest said.
    pub given: String,
    /// What it should have said.
    pub expected: String,
}

/// The right answer to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Answer {
    nonce: u32,
    count: u64,
    total: u64,
    checksum: u32,
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            nonce,
            count,
            total,
            checksum,
        } = self;
        write!(f, "{nonce} {count} {total} {checksum}")
    }
}

#[derive(Deserialize)]
struct Order {
    items: Vec<Item>,
}

#[derive(Deserialize)]
struct Item {
    sku: String,
    quantity: u64,
    price: u64,
}

/// The right answer. The document is parsed once: this is what an answer is checked against, not a
/// guest.
fn expected(nonce: u32, rounds: u32) -> Answer {
    static ORDER: LazyLock<Order> =
        LazyLock::new(|| serde_json::from_str(DOCUMENT).expect("the shipped document is an order"));
    let mut answer = Answer {
        nonce,
        count: 0,
        total: 0,
        checksum: nonce,
    };
    for _ in 0..rounds {
        answer = round(&ORDER, nonce, answer.checksum);
    }
    answer
}

fn round(order: &Order, nonce: u32, begin: u32) -> Answer {
    const PRIME: u32 = 0x0100_0193;
    let fold = |checksum: u32, value: u32| (checksum ^ value).wrapping_mul(PRIME);
    let ordered = || order.items.iter().filter(|item| item.quantity > 0);
    let total: u64 = ordered().map(|item| item.quantity * item.price).sum();
    let checksum = ordered()
        .flat_map(|item| item.sku.bytes())
        .fold(0x811c_9dc5 ^ begin, |sum, byte| fold(sum, byte.into()));
    #[expect(clippy::cast_possible_truncation, reason = "the low 32 bits are meant")]
    let low = total as u32;
    Answer {
        nonce,
        count: ordered().count() as u64,
        total,
        checksum: fold(checksum, low),
    }
}

#[cfg(test)]
mod tests {
    use super::{DOCUMENT, Request, expected};

    #[test]
    fn every_round_depends_on_the_nonce_and_on_the_round_before() {
        assert_ne!(expected(1, 1).checksum, expected(2, 1).checksum);
        assert_ne!(expected(1, 1).checksum, expected(1, 2).checksum);
        let second = expected(expected(1, 1).checksum, 1);
        assert_eq!(second.checksum, expected(1, 2).checksum);
    }

    #[test]
    fn a_wrong_answer_is_refused_and_shown() {
        let request = Request::small(7);
        let right = "7 20 1289941 2319002757";
        assert_eq!(request.check(&format!("{right}\n")), Ok(()));
        let error = request.check("7 0 0 0").expect_err("wrong");
        assert!(error.to_string().contains(right), "{error}");
        assert!(Request::small(8).check(right).is_err());
    }

    #[test]
    fn a_request_is_one_line() {
        let request = Request::heavy(3);
        assert!(request.line().starts_with("3 2000 0 {\"order\""));
        assert_eq!(request.line().find('\n'), Some(request.line().len() - 1));
        assert!(!DOCUMENT.contains('\n'));
    }
}
