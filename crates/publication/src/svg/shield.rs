//! What shields.io draws a badge of (shields.io, "Endpoint Badge").
use serde::Serialize;
use utoipa::ToSchema;

use super::{Tone, percent};

/// A badge for shields.io to draw: `https://img.shields.io/endpoint?url=…`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Shield {
    /// Always 1.
    #[schema(example = 1)]
    pub schema_version: u8,
    #[schema(example = "API")]
    pub label: String,
    #[schema(example = "operational")]
    pub message: String,
    /// Hexadecimal, without `#`.
    #[schema(example = "1a7f37")]
    pub color: &'static str,
}

impl Shield {
    /// A badge that says `message` of `label`, in the colour of `tone`.
    pub fn new(label: &str, message: &str, tone: Tone) -> Self {
        Self {
            schema_version: 1,
            label: label.to_owned(),
            message: message.to_owned(),
            color: tone.light().trim_start_matches('#'),
        }
    }

    /// A badge of uptime over some days.
    pub fn of_uptime(label: &str, uptime: Option<f64>) -> Self {
        Self::new(label, &percent(uptime), Tone::of_uptime(uptime))
    }
}
