//! Times in bodies, to the microsecond: that much is kept, so that much is taken and answered.
use chrono::{DateTime, Datelike as _, Utc};
use serde::de::Error;
use serde::{Deserialize, Deserializer};

/// A time that may be left out.
pub fn maybe<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<DateTime<Utc>>, D::Error> {
    Option::<DateTime<Utc>>::deserialize(deserializer)?.map(kept).transpose()
}

/// A time that can be set but not cleared: `null` is refused.
pub fn set_only<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<DateTime<Utc>>, D::Error> {
    DateTime::deserialize(deserializer).and_then(kept).map(Some)
}

/// RFC 3339 knows years of four digits; leap seconds are the second after.
fn kept<E: Error>(time: DateTime<Utc>) -> Result<DateTime<Utc>, E> {
    let kept = DateTime::from_timestamp_micros(time.timestamp_micros());
    kept.filter(|it| (1..=9999).contains(&it.year()))
        .ok_or_else(|| E::custom("must be a time between the years 1 and 9999"))
}
