//! The key that encrypts stored secrets when nobody set one: made once, kept beside the data.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use aws_lc_rs::rand;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

use crate::config::Secret;

const RANDOM_BYTES: usize = 48;
/// What `FAROL_SECRET_KEY` demands too.
const MIN_BYTES: usize = 32;

/// The key in `<data_dir>/secret_key`; makes the folder and the key if they are missing.
/// Two callers that create at once would disagree: hold the embedded cluster's lock.
///
/// # Errors
/// When the file cannot be read or written, others may read it, or it holds too little.
pub fn load_or_create(data_dir: &Path) -> io::Result<Secret> {
    let path = data_dir.join("secret_key");
    let read = match File::open(&path) {
        Ok(file) => read(file, &path),
        Err(error) if error.kind() == io::ErrorKind::NotFound => create(data_dir, &path),
        Err(error) => Err(error),
    };
    read.map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", path.display())))
}

fn read(mut file: File, path: &Path) -> io::Result<Secret> {
    let mode = file.metadata()?.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        let shown = path.display();
        return Err(io::Error::new(
            io::ErrorKind::PermissionDenied,
            format!("other users may read this key (mode {mode:03o}); run `chmod 600 {shown}`"),
        ));
    }
    let mut text = String::new();
    file.read_to_string(&mut text)?;
    let key = text.trim();
    if key.len() < MIN_BYTES {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            format!("this key is shorter than {MIN_BYTES} bytes; restore it from a backup"),
        ));
    }
    Ok(Secret::new(key))
}

fn create(data_dir: &Path, path: &Path) -> io::Result<Secret> {
    let mut bytes = [0; RANDOM_BYTES];
    rand::fill(&mut bytes).map_err(io::Error::other)?;
    let key = BASE64_URL_SAFE_NO_PAD.encode(bytes);

    fs::create_dir_all(data_dir)?;
    let draft = data_dir.join("secret_key.new");
    match fs::remove_file(&draft) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
    writeln!(file, "{key}")?;
    file.sync_all()?;
    fs::rename(&draft, path)?;
    File::open(data_dir)?.sync_all()?;
    Ok(Secret::new(key))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn empty_folder(name: &str) -> std::path::PathBuf {
        let folder = std::env::temp_dir().join(format!("farol-key-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        folder
    }

    #[test]
    fn the_key_is_made_once_and_kept() {
        let folder = empty_folder("kept");
        let first = load_or_create(&folder).unwrap();
        assert_eq!(first.expose().len(), 64);
        assert_eq!(load_or_create(&folder).unwrap().expose(), first.expose());
        let mode = fs::metadata(folder.join("secret_key")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_key_that_others_can_read_is_refused() {
        let folder = empty_folder("shared");
        load_or_create(&folder).unwrap();
        let path = folder.join("secret_key");
        fs::set_permissions(&path, PermissionsExt::from_mode(0o640)).unwrap();
        let complaint = load_or_create(&folder).unwrap_err().to_string();
        assert!(complaint.contains("mode 640") && complaint.contains("chmod 600"), "{complaint}");
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_truncated_key_is_refused_and_left_alone() {
        let folder = empty_folder("short");
        load_or_create(&folder).unwrap();
        fs::write(folder.join("secret_key"), "").unwrap();
        assert!(load_or_create(&folder).unwrap_err().to_string().contains("shorter than 32"));
        fs::remove_dir_all(folder).unwrap();
    }
}
