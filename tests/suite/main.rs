//! Farol as its users meet it: over HTTP, through the real binary.
mod bad_input;
mod check;
mod component;
mod group;
mod incident;
mod status;
