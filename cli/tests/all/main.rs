//! The command as a user meets it: the real binary, its output and its exit codes.

mod compute;
mod console;
mod errors;
mod interrupt;
mod measure;
mod measured;
mod measurement;
mod properties;
mod run;
mod schema;
mod simulate;
mod sizing;
mod verify;
