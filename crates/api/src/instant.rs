//! Times in bodies, to the microsecond: that much is kept, so that much is taken and answered.
use chrono::{DateTime, SubsecRound as _, Utc};
use serde::{Deserialize, Deserializer};

/// A time that may be left out.
pub fn maybe<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<DateTime<Utc>>, D::Error> {
    let time = Option::<DateTime<Utc>>::deserialize(deserializer)?;
    Ok(time.map(|it| it.trunc_subsecs(6)))
}

/// A time that can be set but not cleared: `null` is refused.
pub fn set_only<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<DateTime<Utc>>, D::Error> {
    DateTime::deserialize(deserializer).map(|it: DateTime<Utc>| Some(it.trunc_subsecs(6)))
}
