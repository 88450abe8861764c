//! Farol as its users meet it: over HTTP, through the real binary.
mod auth;
mod bad_input;
mod binary;
mod channels;
mod check;
mod component;
mod contract;
mod delivery;
mod group;
mod incident;
mod layering;
mod migrations;
mod status;
mod subscription;
