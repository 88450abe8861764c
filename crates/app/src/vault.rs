//! Secrets at rest, and the keys derived from `FAROL_SECRET_KEY`.
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::{digest, hkdf, hmac, rand};

use crate::Error;

/// Version of the envelope: version, key id, nonce, ciphertext and tag.
const ENVELOPE: u8 = 1;
const KEY_ID_LEN: usize = 4;

/// Encrypts what must not be read from a stolen database. The first key encrypts, all decrypt.
pub struct Vault {
    keys: Vec<Key>,
}

struct Key {
    id: [u8; KEY_ID_LEN],
    aead: LessSafeKey,
    signing: [u8; 32],
    digesting: [u8; 32],
}

/// A key for signing access tokens, and its name.
#[derive(Clone)]
pub struct SigningKey {
    pub id: String,
    pub secret: [u8; 32],
}

/// `FAROL_SECRET_KEY` names no key.
#[derive(Debug, thiserror::Error)]
#[error("no usable secret key")]
pub struct NoKey;

impl Vault {
    /// From the texts of `FAROL_SECRET_KEY`, the current one first.
    pub fn new<'a>(secrets: impl IntoIterator<Item = &'a str>) -> Result<Self, NoKey> {
        let keys: Option<Vec<Key>> = secrets.into_iter().map(Key::derive).collect();
        let keys = keys.filter(|it| !it.is_empty()).ok_or(NoKey)?;
        Ok(Self { keys })
    }

    /// Encrypts `plain`. `place` says where it will lie, so that it cannot be moved elsewhere.
    pub fn seal(&self, place: &str, plain: &[u8]) -> Result<Vec<u8>, Error> {
        let key = self.keys.first().ok_or(Error::Vault)?;
        let mut nonce = [0; NONCE_LEN];
        rand::fill(&mut nonce).map_err(|_unspecified| Error::Vault)?;
        let mut sealed = plain.to_vec();
        key.aead
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(place.as_bytes()),
                &mut sealed,
            )
            .map_err(|_unspecified| Error::Vault)?;
        Ok([&[ENVELOPE], key.id.as_slice(), nonce.as_slice(), sealed.as_slice()].concat())
    }

    /// Decrypts what [`Self::seal`] made for the same place.
    pub fn open(&self, place: &str, sealed: &[u8]) -> Result<Vec<u8>, Error> {
        let (key, nonce, sealed) = self.split(sealed).ok_or(Error::Vault)?;
        let mut buffer = sealed.to_vec();
        let plain = key
            .aead
            .open_in_place(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(place.as_bytes()),
                &mut buffer,
            )
            .map_err(|_unspecified| Error::Vault)?;
        Ok(plain.to_vec())
    }

    /// A keyed digest of a text, to find it again without storing it. `place` keeps digests of
    /// different things apart.
    pub fn digest(&self, place: &str, text: &str) -> Vec<u8> {
        let Some(key) = self.keys.first() else { return Vec::new() };
        let key = hmac::Key::new(hmac::HMAC_SHA256, &key.digesting);
        let mut context = hmac::Context::with_key(&key);
        for part in [place, "\0", text] {
            context.update(part.as_bytes());
        }
        context.sign().as_ref().to_vec()
    }

    fn split<'s>(&self, sealed: &'s [u8]) -> Option<(&Key, [u8; NONCE_LEN], &'s [u8])> {
        let rest = sealed.strip_prefix(&[ENVELOPE])?;
        let (id, rest) = rest.split_at_checked(KEY_ID_LEN)?;
        let (nonce, rest) = rest.split_at_checked(NONCE_LEN)?;
        let key = self.keys.iter().find(|it| it.id == id)?;
        Some((key, nonce.try_into().ok()?, rest))
    }

    /// Keys for signing access tokens, the current one first.
    pub fn signing_keys(&self) -> Vec<SigningKey> {
        let name = |id: &[u8]| id.iter().map(|byte| format!("{byte:02x}")).collect();
        self.keys.iter().map(|it| SigningKey { id: name(&it.id), secret: it.signing }).collect()
    }

    /// [`Self::digest`] under each key there is, the current one first.
    pub fn digests(&self, place: &str, text: &str) -> Vec<Vec<u8>> {
        let message = format!("{place}\0{text}");
        let sign = |it: &Key| {
            let key = hmac::Key::new(hmac::HMAC_SHA256, &it.digesting);
            hmac::sign(&key, message.as_bytes()).as_ref().to_vec()
        };
        self.keys.iter().map(sign).collect()
    }

    /// Whether [`Self::digest`] gave this under any key there is. Takes as long for a wrong digest
    /// as for a right one.
    pub fn is_digest(&self, place: &str, text: &str, digest: &[u8]) -> bool {
        let message = format!("{place}\0{text}");
        let fits = |it: &Key| {
            let key = hmac::Key::new(hmac::HMAC_SHA256, &it.digesting);
            hmac::verify(&key, message.as_bytes(), digest).is_ok()
        };
        self.keys.iter().filter(|it| fits(it)).count() > 0
    }
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Vault(redacted)")
    }
}

impl Key {
    fn derive(secret: &str) -> Option<Self> {
        let salt = hkdf::Salt::new(hkdf::HKDF_SHA256, b"farol");
        let root = salt.extract(secret.as_bytes());
        let expand = |info: &'static [u8]| {
            let mut bytes = [0; 32];
            root.expand(&[info], hkdf::HKDF_SHA256).ok()?.fill(&mut bytes).ok()?;
            Some(bytes)
        };
        let digest = digest::digest(&digest::SHA256, &expand(b"key id")?);
        let id = digest.as_ref().get(..KEY_ID_LEN)?.try_into().ok()?;
        let aead = UnboundKey::new(&AES_256_GCM, &expand(b"secrets at rest")?).ok()?;
        Some(Self {
            id,
            aead: LessSafeKey::new(aead),
            signing: expand(b"access tokens")?,
            digesting: expand(b"digests")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_in_its_place_alone_and_with_an_older_key() {
        let old = Vault::new(["an old key of more than 32 bytes, yes"]).unwrap();
        let both = Vault::new([
            "a new key of more than 32 bytes, yes!",
            "an old key of more than 32 bytes, yes",
        ])
        .unwrap();
        let sealed = old.seal("subscription/1", b"whsec").unwrap();
        assert_eq!(both.open("subscription/1", &sealed).unwrap(), b"whsec");
        assert!(both.open("subscription/2", &sealed).is_err());
        let sealed = both.seal("subscription/1", b"whsec").unwrap();
        assert!(old.open("subscription/1", &sealed).is_err());
        assert!(both.open("subscription/1", &sealed[..10]).is_err());
    }

    #[test]
    fn digests_are_known_in_their_place_alone_and_with_an_older_key() {
        let old = Vault::new(["an old key of more than 32 bytes, yes"]).unwrap();
        let both = Vault::new([
            "a new key of more than 32 bytes, yes!",
            "an old key of more than 32 bytes, yes",
        ])
        .unwrap();
        let digest = old.digest("links", "1");
        assert!(both.is_digest("links", "1", &digest));
        assert!(!both.is_digest("links", "2", &digest));
        assert!(!both.is_digest("addresses", "1", &digest));
        assert_eq!(both.digests("links", "1"), [both.digest("links", "1"), digest]);
        assert!(!old.is_digest("links", "1", &both.digest("links", "1")));
    }
}
