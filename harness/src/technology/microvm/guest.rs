//! The guest program in a machine, and the calls it makes: `harness/guests/bare.c` is the other side.

use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::machine::{Hypervisor, Image, Machine, Registers, Ring};
use crate::clock::Stamp;
use crate::guest::{BARE, Request};
use crate::technology::{Failure, Instance, Suspension};

/// Bytes of a `struct call`: number, address, length, result.
const CALL: usize = 32;

/// Where the result is in it.
const RESULT: usize = 24;

/// The answer to a read that lets the program show that it runs: it asks again.
const AGAIN: i64 = -1;

/// The longest text that a guest may write at once, in bytes.
const LONGEST: u64 = 64 << 10;

/// A call that the guest waits in.
#[derive(Debug, Clone, Copy)]
struct Call {
    /// Where it is in the guest's memory.
    at: usize,
    kind: Kind,
    address: u64,
    length: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Exit,
    Clock,
    Read,
    Write,
}

/// A guest that is asked and answers.
#[derive(Debug)]
pub(super) struct Guest {
    machine: Machine,
    output: Vec<u8>,
    first_instruction: Option<Stamp>,
}

/// A guest that waits for its first request, to begin others with.
#[derive(Debug)]
pub(super) struct Snapshot {
    image: Image,
    registers: Registers,
    waiting: Call,
}

impl Guest {
    /// A guest that has not run yet.
    pub(super) fn new(hypervisor: &Hypervisor) -> Result<Self, Failure> {
        Ok(Self::of(Machine::new(hypervisor, BARE, Ring::Program)?))
    }

    /// A guest that goes on from a snapshot.
    pub(super) fn restored(hypervisor: &Hypervisor, from: &Snapshot) -> Result<Self, Failure> {
        let machine = Machine::restored(hypervisor, &from.image, &from.registers)?;
        let guest = Self::of(machine);
        guest.reply(from.waiting, AGAIN)?;
        Ok(guest)
    }

    fn of(machine: Machine) -> Self {
        Self {
            machine,
            output: Vec::new(),
            first_instruction: None,
        }
    }

    /// When the guest first called.
    pub(super) fn first_instruction(&self) -> Option<Stamp> {
        self.first_instruction
    }

    /// Has a request answered and checks the answer.
    pub(super) fn ask(&mut self, request: &Request) -> Result<(), Failure> {
        let mut input = request.line().as_bytes();
        loop {
            let call = self.next_call()?;
            match call.kind {
                Kind::Read if input.is_empty() => {
                    return Err(Failure::new("the guest wants more than the request"));
                }
                Kind::Read => {
                    let length = usize::try_from(call.length).unwrap_or(usize::MAX);
                    let (part, rest) = input.split_at(length.min(input.len()));
                    self.machine.write(place(call.address)?, part)?;
                    input = rest;
                    self.reply(call, part.len().cast_signed() as i64)?;
                }
                _ => self.serve(call)?,
            }
            if let Some(line) = self.line() {
                return Ok(request.check(&line)?);
            }
        }
    }

    /// Lets the guest begin until it waits for its first request.
    fn until_it_waits(&mut self) -> Result<Call, Failure> {
        loop {
            let call = self.next_call()?;
            if call.kind == Kind::Read {
                return Ok(call);
            }
            self.serve(call)?;
        }
    }

    /// Runs until the next call.
    fn next_call(&mut self) -> Result<Call, Failure> {
        let at = self.machine.run()?;
        self.first_instruction.get_or_insert_with(Stamp::now);
        let at = place(u64::from(at))?;
        let mut bytes = [0; CALL];
        self.machine.read(at, &mut bytes)?;
        let (words, _) = bytes.as_chunks::<8>();
        let [kind, address, length, _] = [0, 1, 2, 3].map(|word| u64::from_le_bytes(words[word]));
        let kind = match kind {
            0 => Kind::Exit,
            1 => Kind::Clock,
            2 => Kind::Read,
            3 => Kind::Write,
            other => return Err(Failure::new(format!("the guest makes a call {other}"))),
        };
        Ok(Call {
            at,
            kind,
            address,
            length,
        })
    }

    /// Does what a call asks for that is not about a request.
    fn serve(&mut self, call: Call) -> Result<(), Failure> {
        match call.kind {
            Kind::Exit => Err(Failure::new(format!(
                "the guest ended with status {}",
                call.length
            ))),
            Kind::Read => Err(Failure::new("the guest waits for a request")),
            Kind::Clock => {
                let now = Stamp::now().nanoseconds();
                self.reply(call, now.cast_signed())
            }
            Kind::Write => {
                if call.length > LONGEST {
                    return Err(Failure::new("the guest writes more than it was asked for"));
                }
                let before = self.output.len();
                self.output.resize(before + place(call.length)?, 0);
                self.machine
                    .read(place(call.address)?, &mut self.output[before..])?;
                self.reply(call, call.length.cast_signed())
            }
        }
    }

    fn reply(&self, call: Call, result: i64) -> Result<(), Failure> {
        let at = call.at.saturating_add(RESULT);
        self.machine.write(at, &result.to_le_bytes())
    }

    /// The next line that is an answer, if all of it is there.
    fn line(&mut self) -> Option<String> {
        loop {
            let end = self.output.iter().position(|byte| *byte == b'\n')?;
            let line: Vec<u8> = self.output.drain(..=end).collect();
            let line = String::from_utf8_lossy(&line).into_owned();
            if !line.starts_with("ready ") {
                return Some(line);
            }
        }
    }
}

fn place(number: u64) -> Result<usize, Failure> {
    usize::try_from(number).map_err(|error| Failure::of("the guest named a place", error))
}

impl Snapshot {
    /// Starts a guest, and keeps it as it is when it waits for its first request, with its memory
    /// in a file.
    pub(super) fn take(hypervisor: &Hypervisor, file: File) -> Result<Self, Failure> {
        let mut guest = Guest::new(hypervisor)?;
        let waiting = guest.until_it_waits()?;
        let registers = guest.machine.registers()?;
        let image = guest.machine.save(file)?;
        Ok(Self {
            image,
            registers,
            waiting,
        })
    }

    /// Pages of memory that are not empty.
    pub(super) fn pages(&self) -> usize {
        self.image.pages()
    }
}

/// A live guest, with what is needed to suspend it.
pub(super) struct Live {
    /// None while it is suspended.
    guest: Option<Guest>,
    saved: Option<(Image, Registers)>,
    hypervisor: Arc<Hypervisor>,
    file: PathBuf,
}

impl Live {
    /// A guest that runs. Suspended, its memory goes to a file of this name.
    pub(super) fn new(guest: Guest, hypervisor: Arc<Hypervisor>, file: PathBuf) -> Self {
        Self {
            guest: Some(guest),
            saved: None,
            hypervisor,
            file,
        }
    }
}

impl Instance for Live {
    fn work(&mut self, request: &Request) -> Result<(), Failure> {
        match &mut self.guest {
            Some(guest) => guest.ask(request),
            None => Err(Failure::new("the machine is suspended")),
        }
    }

    fn suspension(&mut self) -> Option<&mut dyn Suspension> {
        Some(self)
    }

    fn stop(self: Box<Self>) -> Result<(), Failure> {
        Ok(())
    }
}

impl Suspension for Live {
    fn mechanism(&self) -> &'static str {
        "registers and memory kept in a file, and the machine closed; resumed by a new machine that \
         maps the file"
    }

    fn suspend(&mut self) -> Result<(), Failure> {
        let Some(mut guest) = self.guest.take() else {
            return Err(Failure::new("the machine is suspended already"));
        };
        let registers = guest.machine.registers()?;
        let image = guest.machine.save(new_file(&self.file)?)?;
        self.saved = Some((image, registers));
        Ok(())
    }

    fn resume(&mut self) -> Result<(), Failure> {
        let Some((image, registers)) = self.saved.take() else {
            return Err(Failure::new("the machine is not suspended"));
        };
        let machine = Machine::restored(&self.hypervisor, &image, &registers)?;
        self.guest = Some(Guest::of(machine));
        Ok(())
    }
}

/// A new file that has no name any more: it is gone with the last who has it.
fn new_file(path: &Path) -> Result<File, Failure> {
    let open = || {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)?;
        fs::remove_file(path)?;
        Ok::<_, std::io::Error>(file)
    };
    open().map_err(|error| Failure::of(&format!("cannot make {}", path.display()), error))
}
