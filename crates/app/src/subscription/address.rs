//! The digests by which subscriptions are found again.
use channels::Channel;
use channels::address::canonical;
use persistence::subscription::address;
use serde_json::Value;
use uuid::Uuid;

use super::config_place;
use crate::vault::Vault;
use crate::{Db, Error};

/// Keeps these digests apart from others under the same key.
const PLACE: &str = "addresses";
/// Subscriptions read at once while digests are made up for.
const BATCH: i64 = 500;

/// The digest of the address in a configuration.
pub fn digest(vault: &Vault, channel: &dyn Channel, config: &Value) -> Option<Vec<u8>> {
    Some(digest_of(vault, &channel.address(config)?))
}

/// The digest of an address under the current key.
pub fn digest_of(vault: &Vault, address: &str) -> Vec<u8> {
    vault.digest(PLACE, &canonical(address))
}

/// The digests that an address may have been kept under.
pub fn digests_of(vault: &Vault, address: &str) -> Vec<Vec<u8>> {
    vault.digests(PLACE, &canonical(address))
}

/// Makes up for the digests of subscriptions from before there were any. Those whose channel has
/// no address, or whose secret cannot be read, stay without.
pub fn digest_missing(db: &Db, vault: &Vault) -> Result<(), Error> {
    let mut after = Uuid::nil();
    loop {
        let batch = db.read::<_, Error>(|db| Ok(address::undigested(db, after, BATCH)?))?;
        let Some(last) = batch.last() else { return Ok(()) };
        after = last.id;
        db.write::<_, Error>(|db| {
            for it in &batch {
                let Some(channel) = channels::find(&it.channel) else { continue };
                let Ok(config) = vault.open(&config_place(it.id), &it.config) else { continue };
                let Ok(config) = serde_json::from_slice(&config) else { continue };
                if let Some(digest) = digest(vault, channel, &config) {
                    address::keep(db, it.id, Some(&digest))?;
                }
            }
            Ok(())
        })?;
    }
}
