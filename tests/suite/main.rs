//! Farol as its users meet it: over HTTP, through the real binary.
mod component;
