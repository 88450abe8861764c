//! Farol as its users meet it: over HTTP, through the real binary.
mod auth;
mod bad_input;
mod binary;
mod check;
mod component;
mod contract;
mod delivery;
mod event;
mod group;
mod incident;
mod layering;
mod migrations;
mod preview;
mod self_service;
mod status;
mod subscription;
mod template;
