//! A flat badge: who, and how they are.
use super::{Text, Theme, Tone, percent, picture, style};

const HEIGHT: usize = 20;
/// Left and right of each text.
const PADDING: usize = 6;
const FONT_SIZE: usize = 11;

/// A badge that says `message` of `label`, in the colour of `tone`.
pub fn badge(label: &str, message: &str, tone: Tone, theme: Theme) -> String {
    let (left, right) = (width(label) + 2 * PADDING, width(message) + 2 * PADDING);
    let total = left + right;
    let style = style(theme, ".l{fill:#444c56}.r{fill:#fff}", ".l{fill:#30363d}.r{fill:#010409}");
    let end = right.saturating_sub(3);
    let straight = left.saturating_sub(3);
    let content = format!(
        "{style}<path class=\"l\" d=\"M3 0h{straight}v{HEIGHT}h-{straight}a3 3 0 0 1-3-3V3a3 3 0 0 1 3-3\"/>\
         <path class=\"{tone}\" d=\"M{left} 0h{end}a3 3 0 0 1 3 3v14a3 3 0 0 1-3 3h-{end}z\"/>\
         <g font-family=\"Verdana,'DejaVu Sans',sans-serif\" font-size=\"{FONT_SIZE}\">{label}{message}</g>",
        tone = tone.class(),
        label = text(label, PADDING, "fill=\"#fff\""),
        message = text(message, left + PADDING, "class=\"r\""),
    );
    picture(total, HEIGHT, &format!("{label}: {message}"), message, &content)
}

/// A badge of uptime over some days.
pub fn uptime_badge(label: &str, uptime: Option<f64>, theme: Theme) -> String {
    badge(label, &percent(uptime), Tone::of_uptime(uptime), theme)
}

/// As wide as the table says, whatever font the reader has.
fn text(text: &str, x: usize, look: &str) -> String {
    let width = width(text);
    let fit = if width == 0 { String::new() } else { format!(" textLength=\"{width}\"") };
    format!("<text x=\"{x}\" y=\"14\" {look}{fit}>{}</text>", Text(text))
}

/// Width in pixels, rounded up.
fn width(text: &str) -> usize {
    let units: usize = Text(text).chars().map(advance).sum();
    (units * FONT_SIZE).div_ceil(UNITS_PER_EM)
}

const UNITS_PER_EM: usize = 2048;

/// How far a character moves the pen in Verdana; elsewhere than in ASCII what is usual of its kind.
fn advance(c: char) -> usize {
    let printable = u32::from(c).checked_sub(0x20).and_then(|it| usize::try_from(it).ok());
    if let Some(known) = printable.and_then(|it| ASCII.get(it)) {
        return *known;
    }
    match c {
        '\u{300}'..='\u{36f}' | '\u{200b}'..='\u{200d}' | '\u{fe00}'..='\u{fe0f}' => 0,
        ..'\u{1100}' => 1400,
        _ => UNITS_PER_EM,
    }
}

/// From space to tilde.
#[rustfmt::skip]
const ASCII: [usize; 95] = [
     720,  806,  940, 1676, 1302, 2204, 1488,  550,  930,  930, 1302, 1676,  745,  930,  745,  930,
    1302, 1302, 1302, 1302, 1302, 1302, 1302, 1302, 1302, 1302,  930,  930, 1676, 1676, 1676, 1117,
    2048, 1400, 1404, 1430, 1578, 1295, 1177, 1588, 1539,  862,  931, 1419, 1140, 1726, 1532, 1612,
    1235, 1612, 1424, 1400, 1262, 1499, 1400, 2025, 1403, 1260, 1403,  930,  930,  930, 1676, 1302,
    1302, 1230, 1276, 1067, 1276, 1220,  720, 1276, 1296,  562,  705, 1212,  562, 1992, 1296, 1243,
    1276, 1276,  874, 1067,  807, 1296, 1212, 1676, 1212, 1212, 1076, 1300,  930, 1300, 1676,
];
