//! The world of a test: the real binary on a database of its own, and real counterparts.
pub mod chats;
pub mod client;
pub mod cluster;
pub mod folder;
pub mod node;
pub mod poll;
pub mod reading;
pub mod sink;
pub mod smtp;
pub mod stream;
pub mod world;

pub use chats::{Chats, Seen};
pub use client::{Client, Reply};
pub use cluster::{Cluster, Database};
pub use folder::Folder;
pub use node::{Node, Output, command};
pub use poll::eventually;
pub use sink::{Received, Sink};
pub use smtp::Smtp;
pub use stream::{Stream, Told};
pub use world::{Replica, World};
