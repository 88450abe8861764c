//! What clients of other status pages expect.
pub mod statuspage;
