//! The measuring core on technologies whose answers are known.
