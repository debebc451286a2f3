//! Profiles of sandbox technologies and the fingerprint of the host.
