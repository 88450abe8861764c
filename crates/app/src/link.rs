//! Links that owners of subscriptions get in messages: whoever has one needs no account.
//!
//! A link's token is its purpose, the subscription's id and a keyed digest of both. Nothing of it
//! is stored, so links stay good for as long as the subscription lives and the key is listed in
//! `FAROL_SECRET_KEY`.
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::page::Settings;
use uuid::Uuid;

use crate::vault::Vault;

/// What a link is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    Confirm,
    /// Changing and ending.
    Manage,
}

/// Purpose, id and digest, as Base64 without padding.
const TOKEN_CHARS: usize = (1 + 16 + 32) * 4 / 3 + 1;

impl Purpose {
    const fn byte(self) -> u8 {
        match self {
            Self::Confirm => b'c',
            Self::Manage => b'm',
        }
    }

    const fn place(self) -> &'static str {
        match self {
            Self::Confirm => "links/confirm",
            Self::Manage => "links/manage",
        }
    }
}

/// The token of a link.
pub fn token(vault: &Vault, purpose: Purpose, id: Uuid) -> String {
    let digest = vault.digest(purpose.place(), &id.to_string());
    URL_SAFE_NO_PAD.encode([&[purpose.byte()], id.as_bytes().as_slice(), &digest].concat())
}

/// The subscription that a token is for; nothing when we did not make it for this purpose.
pub fn read(vault: &Vault, purpose: Purpose, token: &str) -> Option<Uuid> {
    if token.len() != TOKEN_CHARS {
        return None;
    }
    let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
    let rest = bytes.strip_prefix(&[purpose.byte()])?;
    let (id, digest) = rest.split_at_checked(16)?;
    let id = Uuid::from_slice(id).ok()?;
    vault.is_digest(purpose.place(), &id.to_string(), digest).then_some(id)
}

/// Where the owner of an address says that they want the subscription.
pub fn confirm_url(vault: &Vault, page: &Settings, id: Uuid) -> String {
    format!("{}/api/v1/confirm/{}", page.public_url, token(vault, Purpose::Confirm, id))
}

/// Where an owner sees and changes their subscription.
pub fn manage_url(vault: &Vault, page: &Settings, id: Uuid) -> String {
    format!("{}/api/v1/manage/{}", page.public_url, token(vault, Purpose::Manage, id))
}

/// Where an owner ends their subscription; takes the POST of RFC 8058.
pub fn unsubscribe_url(vault: &Vault, page: &Settings, id: Uuid) -> String {
    format!("{}/api/v1/unsubscribe/{}", page.public_url, token(vault, Purpose::Manage, id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_good_for_its_purpose_and_cannot_be_made_up() {
        let vault = Vault::new(["a key of more than 32 bytes, that is it"]).unwrap();
        let other = Vault::new(["another key of more than 32 bytes, yes"]).unwrap();
        let id = Uuid::now_v7();
        let made = token(&vault, Purpose::Manage, id);
        assert_eq!(read(&vault, Purpose::Manage, &made), Some(id));
        assert_eq!(read(&vault, Purpose::Confirm, &made), None);
        assert_eq!(read(&other, Purpose::Manage, &made), None);
        for at in 0..made.len() {
            let mut forged = made.clone().into_bytes();
            forged[at] = if forged[at] == b'A' { b'B' } else { b'A' };
            let forged = String::from_utf8(forged).unwrap();
            assert_eq!(read(&vault, Purpose::Manage, &forged), None, "{at}");
        }
        for wrong in ["", "m", &made[1..], &format!("{made}A")] {
            assert_eq!(read(&vault, Purpose::Manage, wrong), None);
        }
    }
}
