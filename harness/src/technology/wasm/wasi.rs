//! The calls of WASI preview 1 that the guests make: read and write lines, and tell the time.
//!
//! A complete WASI would bring a hundred more crates to compile, for calls that no guest makes.

use std::time::{SystemTime, UNIX_EPOCH};

use wasmtime::{Caller, Extern, Linker, Result};

use super::guest::Host;
use crate::clock::Stamp;

const MODULE: &str = "wasi_snapshot_preview1";

// WASI's numbers for errors.
const SUCCESS: i32 = 0;
const BAD_FILE: i32 = 8;
const FAULT: i32 = 21;
const INVALID: i32 = 28;

/// Offers the calls to modules.
pub(super) fn offer(linker: &mut Linker<Host>) -> Result<()> {
    linker.func_wrap(MODULE, "clock_time_get", tell_time)?;
    linker.func_wrap(MODULE, "fd_read", read)?;
    linker.func_wrap(MODULE, "fd_write", write)?;
    Ok(())
}

fn tell_time(mut caller: Caller<'_, Host>, clock: u32, _precision: u64, at: u32) -> i32 {
    let nanoseconds = match clock {
        0 => SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .ok()
            .and_then(|since| u64::try_from(since.as_nanos()).ok()),
        1 => Some(Stamp::now().nanoseconds()),
        _ => None,
    };
    let Some(nanoseconds) = nanoseconds else {
        return INVALID;
    };
    in_memory(&mut caller, |memory, _| {
        put(memory, at, &nanoseconds.to_le_bytes())
    })
}

fn read(mut caller: Caller<'_, Host>, file: u32, parts: u32, count: u32, read_at: u32) -> i32 {
    if file != 0 {
        return BAD_FILE;
    }
    in_memory(&mut caller, |memory, host| {
        let mut read = 0;
        for part in 0..count {
            let (at, length) = place(memory, parts, part)?;
            let length = host.input.len().min(length);
            put(memory, at, &host.input[..length])?;
            host.input.drain(..length);
            read += u32::try_from(length).ok()?;
        }
        put(memory, read_at, &read.to_le_bytes())
    })
}

fn write(mut caller: Caller<'_, Host>, file: u32, parts: u32, count: u32, written_at: u32) -> i32 {
    if file != 1 {
        return BAD_FILE;
    }
    in_memory(&mut caller, |memory, host| {
        let mut written = 0;
        for part in 0..count {
            let (at, length) = place(memory, parts, part)?;
            host.output
                .extend_from_slice(memory.get(usize::try_from(at).ok()?..)?.get(..length)?);
            written += u32::try_from(length).ok()?;
        }
        put(memory, written_at, &written.to_le_bytes())
    })
}

/// Does something with the guest's memory. Nothing, where the guest gave an address outside of it.
fn in_memory(
    caller: &mut Caller<'_, Host>,
    act: impl FnOnce(&mut [u8], &mut Host) -> Option<()>,
) -> i32 {
    let Some(memory) = caller.get_export("memory").and_then(Extern::into_memory) else {
        return FAULT;
    };
    let (memory, host) = memory.data_and_store_mut(caller);
    act(memory, host).map_or(FAULT, |()| SUCCESS)
}

/// Address and length of one of the parts that are to be read into or written from.
fn place(memory: &[u8], parts: u32, part: u32) -> Option<(u32, usize)> {
    let at = parts.checked_add(part.checked_mul(8)?)?;
    let address = number(memory, at)?;
    let length = number(memory, at.checked_add(4)?)?;
    Some((address, usize::try_from(length).ok()?))
}

fn number(memory: &[u8], at: u32) -> Option<u32> {
    let bytes = memory.get(usize::try_from(at).ok()?..)?.first_chunk()?;
    Some(u32::from_le_bytes(*bytes))
}

fn put(memory: &mut [u8], at: u32, bytes: &[u8]) -> Option<()> {
    memory
        .get_mut(usize::try_from(at).ok()?..)?
        .get_mut(..bytes.len())?
        .copy_from_slice(bytes);
    Some(())
}

#[cfg(test)]
mod tests {
    use super::{number, place, put};

    #[test]
    fn addresses_outside_of_the_memory_are_refused() {
        let mut memory = [7, 0, 0, 0, 9, 0, 0, 0];
        assert_eq!(number(&memory, 4), Some(9));
        assert_eq!(number(&memory, 5), None);
        assert_eq!(number(&memory, u32::MAX), None);
        assert_eq!(place(&memory, 0, 0), Some((7, 9)));
        assert_eq!(place(&memory, 0, 1), None);
        assert_eq!(place(&memory, 8, u32::MAX), None);
        assert_eq!(put(&mut memory, 6, &[1, 2, 3]), None);
        assert_eq!(put(&mut memory, 6, &[1, 2]), Some(()));
        assert_eq!(memory[6..], [1, 2]);
    }
}
